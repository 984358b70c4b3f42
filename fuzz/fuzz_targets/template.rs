//! Any template and any values are rendered or refused within bounds, and every byte of what comes out knows a place within its file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_charts::helm::{Settings, render};
use seaworthy_charts::{Bounds, File, FileId};

fuzz_target!(|input: (&str, &str)| {
    let (values, template) = input;
    let texts = ["apiVersion: v2\nname: a\nversion: 1.0.0\n", values, template];
    let paths = ["Chart.yaml", "values.yaml", "templates/a.yaml"];
    let files: Vec<File<'_>> = paths
        .iter()
        .zip(texts)
        .enumerate()
        .map(|(n, (path, text))| File { path, id: Some(FileId(n as u32)), text })
        .collect();
    let bounds = Bounds { steps: 50_000, bytes: 4 << 20, depth: 20 };
    let Ok(rendered) = render(&files, &Settings { bounds, ..Settings::default() }) else { return };
    for output in rendered {
        for (range, origin) in output.text.pieces() {
            assert!(output.text.as_str().get(range.clone()).is_some());
            if origin.is_place() {
                let source = texts[origin.file.0 as usize];
                let written = source.get(origin.start as usize..origin.end as usize);
                assert!(written.is_some(), "an origin lies in its file");
            }
            let _ = output.cause(range, false);
        }
    }
});
