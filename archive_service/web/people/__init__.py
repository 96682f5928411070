"""Pages of people: signing in, second factors, rights, notices."""
