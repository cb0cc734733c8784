"""Papers that leave the house: spreadsheets, calendars, PDF documents and charts, each made of what it is given."""
