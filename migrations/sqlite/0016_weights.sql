-- What a picture weighed as it was uploaded: so much it adds to a form that waits. Of those before nobody knows.
alter table images add column weight integer not null default 0;
