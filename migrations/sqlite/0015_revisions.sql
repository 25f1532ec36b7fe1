-- What two people's changes of a date and of pictures are merged on, and what restoring brings back. Null where nobody knew
-- yet. `pictures`: a list of [hash, alt, decorative] in the writer's order; the post holds each of them (held_images).
alter table revisions add column publish_at integer check (publish_at is null or stage = 'scheduled');
alter table revisions add column pictures text check (pictures is null or json_valid(pictures));

-- Of the newest save of each post it is what stands there now.
update revisions set publish_at = (select p.publish_at from posts p where p.id = revisions.post)
    where stage = 'scheduled' and number = (select p.revision from posts p where p.id = revisions.post);

update revisions set pictures = '[' || coalesce(
        (select string_agg(json_array(lower(hex(i.hash)), pi.alt, json(iif(pi.decorative = 1, 'true', 'false'))), ','
                           order by pi.position)
         from post_images pi join images i on i.id = pi.image where pi.post = revisions.post), '') || ']'
    where number = (select p.revision from posts p where p.id = revisions.post);

-- A parked form that was opened has another name from then on; kept again, it takes the place of the one it was opened from.
alter table parked add column replaces text;
