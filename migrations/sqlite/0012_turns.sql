-- Which state of a form is the newer one, as its page counts: what arrives late neither replaces what is kept nor brings
-- back what was saved. 0: nobody counted.
alter table parked add column turn integer not null default 0;
alter table submissions add column turn integer not null default 0;
