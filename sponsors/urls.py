from django.urls import path

from sponsors.views import billing, calendar, insertions, orders, portal, reports, settling

app_name = "sponsors"
urlpatterns = [
    path("", calendar.show, name="calendar"),
    path("stock/<slug:slug>/", calendar.stock, name="stock"),
    path("hold/", calendar.hold, name="hold"),
    path("book/", calendar.book, name="book"),
    path("block/", calendar.block, name="block"),
    path("slots/at/<str:key>/", calendar.at, name="at"),
    path("slots/<int:pk>/", calendar.slot, name="slot"),
    path("slots/<int:pk>/challenge/", calendar.challenge, name="challenge"),
    path("holds/<int:pk>/<slug:verb>/", calendar.steer_hold, name="steer_hold"),
    path("orders/", orders.listing, name="orders"),
    path("orders/<int:pk>/", orders.order, name="order"),
    path("orders/<int:pk>/exclusivity/", orders.exclusivity, name="exclusivity"),
    path("orders/<int:pk>/links/", orders.invite, name="invite"),
    path("orders/<int:pk>/report/", reports.order, name="report"),
    path("orders/<int:pk>/report.<slug:ending>", reports.export, name="report_file"),
    path("links/<int:pk>/revoke/", orders.revoke, name="revoke"),
    path("make-goods/", reports.owed, name="make_goods"),
    path("make-goods/<int:pk>/<slug:verb>/", reports.make_good, name="make_good"),
    path("notices/", settling.notices, name="notices"),
    path("notices/<int:pk>/send/", settling.send_notice, name="send_notice"),
    path("issues/<int:pk>/settle/", settling.settle, name="settle"),
    path("issues/<int:pk>/radar/", settling.radar, name="radar"),
    path("issues/<int:pk>/radar/<int:number>/keep/", settling.keep, name="keep"),
    path("bookings.<slug:ending>", reports.bookings, name="bookings"),
    path("orders/<int:pk>/order.pdf", billing.order_pdf, name="order_pdf"),
    path("orders/<int:pk>/bill/", billing.draft, name="bill"),
    path("orders/<int:pk>/<slug:verb>/", orders.step, name="order_step"),
    path("invoices/", billing.listing, name="invoices"),
    path("invoices/ready/", billing.ready, name="ready_to_bill"),
    path("invoices/books.csv", billing.books, name="books"),
    path("invoices/<int:pk>/", billing.invoice, name="invoice"),
    path("invoices/<int:pk>/invoice.pdf", billing.invoice_pdf, name="invoice_pdf"),
    path("invoices/<int:pk>/issue/", billing.issue, name="issue_invoice"),
    path("invoices/<int:pk>/void/", billing.void, name="void_invoice"),
    path("invoices/<int:pk>/pay/", billing.pay, name="pay_invoice"),
    path("invoices/<int:pk>/credit/", billing.credit, name="credit_invoice"),
    path("invoices/credit-notes/<int:pk>/note.pdf", billing.credit_note_pdf, name="credit_note_pdf"),
    path("insertions/<int:pk>/", insertions.insertion, name="insertion"),
    path("insertions/<int:pk>/creative/", insertions.creative, name="creative"),
    path("insertions/<int:pk>/frame/<slug:part>/", insertions.frame, name="frame"),
    path("insertions/<int:pk>/<slug:verb>/", insertions.step, name="insertion_step"),
]

doors = [
    path("<str:token>/", portal.order, name="order"),
    path("<str:token>/report.<slug:ending>", portal.report, name="report"),
    path("<str:token>/<int:pk>/", portal.insertion, name="insertion"),
    path("<str:token>/<int:pk>/message/", portal.creative, name="creative"),
    path("<str:token>/<int:pk>/frame/<slug:part>/", portal.frame, name="frame"),
    path("<str:token>/<int:pk>/decide/", portal.decide, name="decide"),
    path("<str:token>/<int:pk>/remark/", portal.remark, name="remark"),
]
"""What a sponsor's link opens; everything else of the house asks who you are."""
