//! What statements ask for: a post whole, a post in a list, the pictures of posts; and which posts everybody finds.
//!
//! Invariant: the columns of a statement are those of its row in `row.rs`, and conditions are those of an index, to the letter.

/// In every list, feed and search.
macro_rules! public {
    () => {
        "p.status = 'published' and p.visibility = 'public' and p.trashed_at is null"
    };
}

/// A post whole, apart from its pictures.
macro_rules! select_posts {
    ($from:literal $($rest:tt)*) => {
        concat!(
            "select p.id, s.slug, p.title, p.text, p.excerpt, p.status, p.visibility, p.revision,
                    p.published_at, p.publish_at, p.submitted_at, p.created_at, p.updated_at, p.trashed_at,
                    o.id as owner_id, o.username as owner_username, o.display_name as owner_name,
                    e.id as editor_id, e.username as editor_username, e.display_name as editor_name,
                    (select string_agg(t.name, ',' order by pt.position)
                     from post_tags pt join tags t on t.id = pt.tag where pt.post = p.id) as tags
             from ", $from, "
             join slugs s on s.post = p.id and s.is_current = 1
             join users o on o.id = p.owner
             join users e on e.id = p.last_editor ",
            $($rest)*
        )
    };
}

/// A post in a list. Variants travel as one text, `320x240.jpg,640x480.jpg`, so that a post is a row and not a row per
/// variant.
macro_rules! select_summaries {
    ($place:literal from $from:literal $($rest:expr),*) => {
        concat!(
            "select p.id, s.slug, p.title, substr(p.text, 1, 1500) as opening, p.excerpt, p.status, p.visibility,
                    p.revision, ", $place, " as place,
                    p.published_at, p.publish_at, p.submitted_at, p.updated_at, p.trashed_at,
                    o.id as owner_id, o.username as owner_username, o.display_name as owner_name,
                    (select string_agg(t.name, ',' order by pt.position)
                     from post_tags pt join tags t on t.id = pt.tag where pt.post = p.id) as tags,
                    i.hash as picture_hash, pi.alt as picture_alt, pi.decorative as picture_decorative,
                    (select string_agg(v.width || 'x' || v.height || '.' || v.format, ',')
                     from image_variants v where v.image = i.id) as picture_variants
             from ", $from, "
             join slugs s on s.post = p.id and s.is_current = 1
             join users o on o.id = p.owner
             left join post_images pi on pi.post = p.id and pi.position = 0
             left join images i on i.id = pi.image
             where ", $($rest),*
        )
    };
}

/// The pictures that stand with posts.
macro_rules! select_pictures {
    ($($from:expr),* ; $rest:literal) => {
        concat!(
            "select pi.post, i.hash, pi.alt, pi.decorative,
                    (select string_agg(v.width || 'x' || v.height || '.' || v.format, ',')
                     from image_variants v where v.image = i.id) as variants
             from ", $($from),*, " join images i on i.id = pi.image ",
            $rest
        )
    };
}

pub(crate) use select_summaries;
pub(super) use {public, select_pictures, select_posts};
