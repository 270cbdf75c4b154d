"""The morning message: its figures (`morning`), its words (`message`), its way (`sending`)."""
