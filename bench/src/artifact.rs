//! How large a function is, as built and as uploaded.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Sizes in megabytes (10⁶ bytes, as the limits of Lambda are not).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// The executable.
    pub(crate) binary: f64,
    /// The archive that `sam deploy` uploads.
    pub(crate) zip: f64,
}

/// Measures an executable. The zip is made as SAM makes it, by Python's `zipfile`.
pub(crate) fn size(binary: &Path) -> Size {
    const ZIP: &str = "import io, sys, zipfile
file = io.BytesIO()
with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
    archive.write(sys.argv[1], 'bootstrap')
print(len(file.getvalue()))";
    let output = Command::new("python3").args(["-c", ZIP]).arg(binary).output().unwrap();
    let zipped: u32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    let length = u32::try_from(fs::metadata(binary).unwrap().len()).unwrap();
    Size { binary: f64::from(length) / 1e6, zip: f64::from(zipped) / 1e6 }
}
