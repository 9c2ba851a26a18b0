//! As much of HTTP/1.1 as two servers that send a content length need.

use std::io::{Error, ErrorKind, Read, Result, Write};

/// A kept connection.
pub struct Connection<S> {
    stream: S,
}

/// An answer: its head as text, then its body.
pub struct Answer {
    bytes: Vec<u8>,
    head: usize,
}

impl<S: Read + Write> Connection<S> {
    /// Uses a stream that is open.
    pub fn new(stream: S) -> Self {
        Self { stream }
    }

    /// Sends a whole request and reads a whole answer.
    pub fn call(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request)?;
        self.stream.flush()?;
        let mut answer = Answer { bytes: Vec::with_capacity(8192), head: 0 };
        let mut buffer = [0; 8192];
        loop {
            let length = self.stream.read(&mut buffer)?;
            if length == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            answer.bytes.extend_from_slice(buffer.get(..length).unwrap_or_default());
            if answer.head == 0 {
                let end = answer.bytes.windows(4).position(|four| four == b"\r\n\r\n");
                answer.head = end.map_or(0, |end| end + 4);
            }
            if answer.head > 0 {
                let body: usize = answer.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
                if answer.bytes.len() >= answer.head + body {
                    return if answer.is_good() { Ok(answer) } else { Err(Error::other("not a 2xx")) };
                }
            }
        }
    }
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = str::from_utf8(self.bytes.get(..self.head)?).ok()?;
        head.split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .find_map(|(this, value)| this.eq_ignore_ascii_case(name).then(|| value.trim()))
    }

    /// What follows the head.
    pub fn body(&self) -> &[u8] {
        self.bytes.get(self.head..).unwrap_or_default()
    }

    fn is_good(&self) -> bool {
        self.bytes.get(9) == Some(&b'2')
    }
}
