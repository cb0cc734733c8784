from django.urls import path

from sponsors import views

app_name = "sponsors"
urlpatterns = [
    path("", views.bookings, name="bookings"),
    path("issues/<int:pk>/", views.book, name="book"),
    path("issues/<int:pk>/<slug:placement>/release/", views.release, name="release"),
]
