-- Forms that could not be saved, and what somebody was still typing, for their author alone. `form` is the key that the
-- form carries: parked again, it replaces itself. `refused`: it was sent and not saved, so every page speaks of it.
create table parked (
    person    integer not null references users (id) on delete cascade,
    form      text not null,
    address   text not null,
    title     text not null,
    fields    text not null,
    refused   integer not null check (refused in (0, 1)),
    parked_at integer not null,
    primary key (person, form)
) strict;

create index parked_at on parked (parked_at);

-- A picture may be received and never used: shown in a preview, parked and discarded. `used`: it stands or stood with a
-- post, and stays for ever, since an old revision may be restored. `wanted_at`: when a form last had it.
alter table images add column used integer not null default 0 check (used in (0, 1));
alter table images add column wanted_at integer not null default 0;

-- Of those that were there before, nobody knows whether a revision shows them.
update images set used = 1, wanted_at = created_at;

create index images_unused on images (wanted_at) where used = 0;

create trigger post_images_used after insert on post_images
begin
    update images set used = 1 where id = new.image and used = 0;
end;
