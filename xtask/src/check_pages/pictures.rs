//! exiftool over every picture that the pages show: none may carry anything about its maker, its place or its camera.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::Finding;
use crate::command::{output, program};
use crate::install::{EXIFTOOL, find};

/// What a picture is, rather than where it comes from.
const OF_THE_FILE: [&str; 9] = [
    "SourceFile",
    "System",
    "File",
    "ExifTool",
    "JFIF",
    "PNG",
    "RIFF",
    "GIF",
    "Composite",
];

pub(super) fn judge(pages: &Path) -> Result<(usize, Vec<Finding>)> {
    let mut exiftool = program(find(EXIFTOOL)?);
    exiftool
        .args(["-a", "-G1", "-s", "-j"])
        .arg(pages.join("pictures"));
    let pictures: Vec<Map<String, Value>> =
        serde_json::from_str(&output(&mut exiftool)?).context("exiftool's answer")?;
    Ok((pictures.len(), pictures.iter().flat_map(metadata).collect()))
}

fn metadata(picture: &Map<String, Value>) -> Vec<Finding> {
    let name = picture.get("SourceFile").and_then(Value::as_str);
    let name = name.and_then(|it| it.rsplit('/').next()).unwrap_or("?");
    picture
        .iter()
        .filter(|(tag, _)| {
            let group = tag.split(':').next().unwrap_or_default();
            !OF_THE_FILE.contains(&group)
        })
        .map(|(tag, value)| Finding::new(name, "metadata", format!("{tag}: {value}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_and_the_shape_of_a_picture_is_not() {
        let picture = serde_json::json!({
            "SourceFile": "pictures/a.jpg", "File:ImageWidth": 640, "JFIF:XResolution": 1, "GPS:GPSLatitude": "48 N",
        });
        let found = metadata(picture.as_object().expect("an object"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].page, "a.jpg");
        assert!(found[0].what.starts_with("GPS:GPSLatitude"));
    }
}
