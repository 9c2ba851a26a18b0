//! The documents' commands, typed: each document in one shell, block after block.

use std::{env, fs};

use tests::documents::{self, Block, Document, shape, shows};
use tests::template::root;

use crate::stack::{Client, Stack};
use tests::values::without_values;

const END_OF_BLOCK: &str = "end of block";

pub fn the_commands_in_the_documents_print_what_the_documents_show(stack: &Stack) {
    let ran: usize = documents::all().iter().map(|document| run(stack, document)).sum();
    assert!(ran > 10, "{ran} blocks");
}

/// Runs all blocks of a document that can be run, and gives how many there were.
fn run(stack: &Stack, document: &Document) -> usize {
    let blocks = document.blocks();
    let runs = |block: &Block| block.language == "sh" && block.not_run.is_none();
    let typed: Vec<_> = blocks.iter().filter(|block| runs(block)).collect();
    if typed.is_empty() {
        return 0;
    }

    let printed = type_into_a_shell(stack, &typed);
    let end = format!("\n{END_OF_BLOCK}\n");
    let mut printed = printed.split(&end);
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| runs(block)) {
        let printed = printed.next().unwrap();
        if let Some(output) = blocks.get(at + 1).filter(|next| next.language.is_empty()) {
            let shapes = without_values(&printed.lines().map(shape).collect::<Vec<_>>().join("\n"));
            assert!(
                shows(printed, &output.text),
                "{}: {} printed\n{shapes}\nand not\n{}",
                document.path,
                block.text,
                output.text
            );
        }
    }
    typed.len()
}

fn type_into_a_shell(stack: &Stack, blocks: &[&Block]) -> String {
    let admin = stack.create_account("Example");
    let folder = root().join(".local/end-to-end/documents");
    fs::create_dir_all(folder.join(".local")).unwrap();
    // As `make run` writes it.
    let Client { value, .. } = &admin;
    let urls = [
        ("API_URL", &stack.api),
        ("REST_API_URL", &stack.sample),
        ("HTTP_API_URL", &stack.http_api),
        ("ROUTES_API_URL", &stack.routes_api),
        ("VERIFY_FUNCTION", &stack.verify_function),
        ("VERIFY_URL", &stack.verify_url),
    ];
    let urls: String = urls.iter().map(|(name, url)| format!("{name}={url}\n")).collect();
    fs::write(folder.join(".local/env"), format!("{urls}API_KEY={value}\n")).unwrap();

    let mut script = "set -euo pipefail\naws() { \"$PYTHON\" \"$AWS\" \"$@\"; }\n".to_owned();
    for block in blocks {
        script.extend([&block.text, "printf '\\n%s\\n' '", END_OF_BLOCK, "'\n"]);
    }
    let programs = stack.program.parent().unwrap().to_str().unwrap();
    let output = stack
        .with_access("bash")
        .args(["-c", &script])
        .current_dir(&folder)
        .env("PATH", format!("{programs}:{}", env::var("PATH").unwrap()))
        .env("PYTHON", root().join(".local/tools/sam/bin/python"))
        .env("AWS", root().join("tests/tests/end_to_end/aws.py"))
        // For the stand-in of the AWS CLI.
        .env("AWS_DEFAULT_REGION", "us-east-1")
        // What the documents take for given.
        .env("API_URL", &stack.api)
        .env("API_KEY", value)
        .env("account", &admin.account_id)
        .env("LEAKED_KEY", admin.create_key(&["SMS", "AUTHENTICATION"]).value)
        .env("THEIR_KEY", "sk_of_the_old_system_in_the_documents")
        .output()
        .unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let ended = printed.matches(END_OF_BLOCK).count();
    assert!(
        output.status.success() && ended == blocks.len(),
        "{} failed: {}",
        blocks[ended.min(blocks.len() - 1)].text,
        without_values(&String::from_utf8_lossy(&output.stderr))
    );
    printed
}
