//! Forms as browsers send them.

const BOUNDARY: &str = "----a-boundary-of-the-tests";

/// A `multipart/form-data` body, field by field in the order given.
#[derive(Clone, Default)]
pub(crate) struct Multipart(Vec<u8>);

impl Multipart {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), None, value.as_bytes());
        self
    }

    /// A text field in whatever encoding.
    pub(crate) fn bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.part(&format!("name=\"{name}\""), None, value);
        self
    }

    pub(crate) fn file(mut self, name: &str, file_name: &str, kind: &str, bytes: &[u8]) -> Self {
        self.part(
            &format!("name=\"{name}\"; filename=\"{file_name}\""),
            Some(kind),
            bytes,
        );
        self
    }

    fn part(&mut self, disposition: &str, kind: Option<&str>, bytes: &[u8]) {
        let mut head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n");
        if let Some(kind) = kind {
            head.push_str(&format!("Content-Type: {kind}\r\n"));
        }
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(b"\r\n");
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
    }

    pub(crate) fn content_type() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    pub(crate) fn into_body(mut self) -> Vec<u8> {
        self.0
            .extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.0
    }
}
