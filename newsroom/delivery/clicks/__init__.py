"""Links that readers follow and pixels that they fetch: led on, laid down on disk, and recorded."""
