-- The site whose own SIM a text came to, and that could not answer it; NULL: the hub's own number.
ALTER TABLE inbox ADD COLUMN site TEXT;
