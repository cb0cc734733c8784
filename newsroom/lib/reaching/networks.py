"""Which addresses are those of the open internet, where a stranger may send us."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

__all__ = ["IPAddress", "is_public"]

IPAddress = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
_INTERNET = IPv6Network("2000::/3")
# What Python's is_global lets pass, in one version or another, though no web page of a stranger lives there.
_NOT_FOR_PAGES_4 = [IPv4Network(block) for block in ("192.0.0.0/24", "192.88.99.0/24")]
_NOT_FOR_PAGES_6 = [IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]


def is_public(address: IPAddress) -> bool:
    """Whether an address is one of the open internet, and so is every IPv4 address that travels inside it."""
    carried = _carried(address)
    if carried:
        return all(_is_public_4(inner) for inner in carried)
    return _is_public_4(address) if isinstance(address, IPv4Address) else _is_public_6(address)


def _carried(address: IPAddress) -> list[IPv4Address]:
    """The IPv4 addresses where a packet to this one may end: mapped, 6to4, Teredo (server and client), NAT64."""
    if isinstance(address, IPv4Address):
        return []
    if address.teredo:
        return list(address.teredo)
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    inner = address.ipv4_mapped or address.sixtofour
    return [inner] if inner else []


def _is_public_4(address: IPv4Address) -> bool:
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in block for block in _NOT_FOR_PAGES_4)
    )


def _is_public_6(address: IPv6Address) -> bool:
    return (
        address in _INTERNET
        and address.is_global
        and not address.scope_id
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in block for block in _NOT_FOR_PAGES_6)
    )
