//! What the demo's people have written, oldest first. The articles themselves lie beside this file as Markdown.

use super::scenes::Scene;
use super::telephone::Place;

pub(super) struct DemoPost {
    /// One of [`super::ACCOUNTS`].
    pub(super) author: &'static str,
    /// Who saved it last, when that was somebody else.
    pub(super) edited_by: Option<&'static str>,
    pub(super) title: &'static str,
    /// With commas between them.
    pub(super) tags: &'static str,
    /// `PICTURE` in it becomes the address of the last picture.
    pub(super) text: &'static str,
    pub(super) pictures: &'static [DemoPicture],
    /// Hours before now.
    pub(super) age: i64,
    pub(super) published: bool,
}

pub(super) struct DemoPicture {
    pub(super) scene: Scene,
    pub(super) taken_at: Place,
    pub(super) alt: &'static str,
}

pub(super) const POSTS: [DemoPost; 11] = [
    DemoPost {
        author: "bob",
        edited_by: None,
        title: "Write the boring sentence first",
        tags: "Writing",
        text: include_str!("posts/write-the-boring-sentence.md"),
        pictures: &[],
        age: 24 * 61,
        published: true,
    },
    DemoPost {
        author: "carol",
        edited_by: Some("bob"),
        title: "Bread at six, with a table of failures",
        tags: "Bread, Kitchen",
        text: include_str!("posts/bread-at-six.md"),
        pictures: &[],
        age: 24 * 52 + 3,
        published: true,
    },
    DemoPost {
        author: "carol",
        edited_by: None,
        title: "The sea gives no encores",
        tags: "Photography, Sea",
        text: include_str!("posts/the-sea-gives-no-encores.md"),
        pictures: &[DemoPicture {
            scene: Scene::Sea,
            taken_at: Place(38.7079, -9.1366),
            alt: "The sun a hand’s breadth above a calm sea, its light a broken path on the water",
        }],
        age: 24 * 43 + 7,
        published: true,
    },
    DemoPost {
        author: "alice",
        edited_by: None,
        title: "Forty lines that sort my photographs",
        tags: "Rust, Photography",
        text: include_str!("posts/sort-my-photographs.md"),
        pictures: &[],
        age: 24 * 36 + 1,
        published: true,
    },
    DemoPost {
        author: "carol",
        edited_by: None,
        title: "How to photograph sand without losing your mind or your lens",
        tags: "Photography, Travel",
        text: include_str!("posts/photographing-sand.md"),
        pictures: &[DemoPicture {
            scene: Scene::Dunes,
            taken_at: Place(31.1499, -3.9664),
            alt: "Dunes in low sun: every crest has a bright side and a dark one",
        }],
        age: 24 * 29 + 5,
        published: true,
    },
    DemoPost {
        author: "alice",
        edited_by: None,
        title: "What a contour line knows: on reading a map before reading the weather, and why the long way round to \
                the hut above the lake is nearly always the short one",
        tags: "Walking, Maps, Mountains",
        text: include_str!("posts/contour-line.md"),
        pictures: &[],
        age: 24 * 22 + 2,
        published: true,
    },
    DemoPost {
        author: "bob",
        edited_by: None,
        title: "Spruce, November",
        tags: "Photography",
        text: "",
        pictures: &[DemoPicture {
            scene: Scene::Spruces,
            taken_at: Place(48.9333, 13.4167),
            alt: "Spruces standing one behind the other in fog, the farthest hardly darker than the air",
        }],
        age: 24 * 16 + 9,
        published: true,
    },
    DemoPost {
        author: "bob",
        edited_by: None,
        title: "After the last tram",
        tags: "Photography, Night",
        text: include_str!("posts/after-the-last-tram.md"),
        pictures: &[
            DemoPicture {
                scene: Scene::City,
                taken_at: Place(55.8642, -4.2518),
                alt: "Lit windows and quay lamps of a city at night, drawn out on the river below",
            },
            DemoPicture {
                scene: Scene::Rain,
                taken_at: Place(55.8700, -4.2700),
                alt: "Out-of-focus street lamps as soft overlapping discs behind a window with raindrops",
            },
        ],
        age: 24 * 11 + 4,
        published: true,
    },
    DemoPost {
        author: "alice",
        edited_by: Some("bob"),
        title: "Waiting for green",
        tags: "Photography, Night, Travel",
        text: include_str!("posts/one-cold-night.md"),
        pictures: &[DemoPicture {
            scene: Scene::Aurora,
            taken_at: Place(68.3495, 18.8312),
            alt: "Green curtains of northern lights above dark hills, and once more in the lake",
        }],
        age: 24 * 6 + 6,
        published: true,
    },
    DemoPost {
        author: "carol",
        edited_by: None,
        title: "On keeping quiet",
        tags: "Writing",
        text: include_str!("posts/on-keeping-quiet.md"),
        pictures: &[],
        age: 24 * 3,
        published: false,
    },
    DemoPost {
        author: "alice",
        edited_by: None,
        title: "Five mornings above the fog",
        tags: "Mountains, Photography",
        text: include_str!("posts/five-mornings.md"),
        pictures: &[DemoPicture {
            scene: Scene::Mountains,
            taken_at: Place(47.5622, 13.6493),
            alt: "Seven mountain ridges at sunrise, one behind the other, with mist between them",
        }],
        age: 26,
        published: true,
    },
];
