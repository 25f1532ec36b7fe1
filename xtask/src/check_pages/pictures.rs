//! exiftool over every picture that the pages show: none may carry anything about its maker, its place or its camera.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::Finding;
use crate::command::{output, program};
use crate::install::{EXIFTOOL, find};

/// What is said of a file on this disk, and what is computed from the rest.
const NOT_OF_THE_FILE: [&str; 3] = ["SourceFile", "System", "Composite"];

/// What a picture is, rather than where it comes from; group and tag, since a comment stands in the same groups.
const WHAT_IT_IS: [(&str, &[&str]); 6] = [
    ("ExifTool", &["ExifToolVersion"]),
    (
        "File",
        &[
            "FileType",
            "FileTypeExtension",
            "MIMEType",
            "ImageWidth",
            "ImageHeight",
            "EncodingProcess",
            "BitsPerSample",
            "ColorComponents",
            "YCbCrSubSampling",
        ],
    ),
    (
        "JFIF",
        &[
            "JFIFVersion",
            "ResolutionUnit",
            "XResolution",
            "YResolution",
        ],
    ),
    (
        "PNG",
        &[
            "ImageWidth",
            "ImageHeight",
            "BitDepth",
            "ColorType",
            "Compression",
            "Filter",
            "Interlace",
            "Palette",
            "Transparency",
        ],
    ),
    (
        "RIFF",
        &["ImageWidth", "ImageHeight", "AlphaIsUsed", "WebP_Flags"],
    ),
    (
        "GIF",
        &[
            "GIFVersion",
            "ImageWidth",
            "ImageHeight",
            "HasColorMap",
            "ColorResolutionDepth",
            "BitsPerPixel",
            "BackgroundColor",
            "AnimationIterations",
            "TransparentColor",
            "FrameCount",
            "Duration",
        ],
    ),
];

/// Every format in which pictures leave; where one is missing, nobody has looked at it.
const FORMATS: [&str; 4] = ["jpg", "png", "webp", "gif"];

pub(super) fn judge(pages: &Path) -> Result<(usize, Vec<Finding>)> {
    let mut exiftool = program(find(EXIFTOOL)?);
    exiftool
        .args(["-a", "-G1", "-s", "-j"])
        .arg(pages.join("pictures"));
    let pictures: Vec<Map<String, Value>> =
        serde_json::from_str(&output(&mut exiftool)?).context("exiftool's answer")?;
    let mut findings: Vec<Finding> = pictures.iter().flat_map(metadata).collect();
    let has = |format: &&&str| {
        let mut names = pictures
            .iter()
            .filter_map(|it| it.get("SourceFile")?.as_str());
        names.any(|name| name.rsplit('.').next() == Some(*format))
    };
    let missing = FORMATS.iter().filter(|format| !has(format));
    findings
        .extend(missing.map(|it| Finding::new(*it, "metadata", "no page showed such a picture")));
    Ok((pictures.len(), findings))
}

fn metadata(picture: &Map<String, Value>) -> Vec<Finding> {
    let name = picture.get("SourceFile").and_then(Value::as_str);
    let name = name.and_then(|it| it.rsplit('/').next()).unwrap_or("?");
    picture
        .iter()
        .filter(|(tag, _)| {
            let (group, name) = tag.split_once(':').unwrap_or((tag, ""));
            let of_it = |(known, names): &(_, &[&str])| *known == group && names.contains(&name);
            !NOT_OF_THE_FILE.contains(&group) && !WHAT_IT_IS.iter().any(of_it)
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

    #[test]
    fn words_in_a_picture_are_found_wherever_a_format_has_room_for_them() {
        for tag in [
            "File:Comment",
            "GIF:Comment",
            "PNG:Comment",
            "PNG:Author",
            "RIFF:Comment",
            "XMP-dc:Creator",
            "IFD0:Make",
            "ExifTool:Warning",
        ] {
            let picture = serde_json::json!({ "SourceFile": "pictures/a", "PNG:ImageWidth": 1, tag: "made by" });
            let found = metadata(picture.as_object().expect("an object"));
            assert_eq!(found.len(), 1, "{tag}");
        }
    }
}
