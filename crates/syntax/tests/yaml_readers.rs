//! The quick reader makes the tree that the thorough one makes, or gives up.

use std::sync::Arc;

use seaworthy_syntax::SourceId;
use seaworthy_syntax::yaml::Yaml;

/// Whether the quick reader reads a text; what it reads is compared.
fn is_quick(text: &str) -> bool {
    let text: Arc<str> = text.into();
    let Some(quick) = Yaml::parse_by(SourceId(0), &text, true) else { return false };
    let thorough = Yaml::parse_by(SourceId(0), &text, false).expect("it reads all");
    assert!(quick.is_same(&thorough), "{text:?}:\n{quick:#?}\n{thorough:#?}");
    true
}

/// What files are written in.
const QUICK: &[&str] = &[
    "",
    "\n",
    "# only\n\n  # comments",
    "a: b",
    "a: b\n",
    "a: b\r\nc:\r\n- d # e\r\n# f\r\n",
    "\u{feff}a: b\n",
    "\u{feff}- a\n- b: c\n  d: e\n",
    "a:\nb: \n c:   # x\nd:",
    "a:\n  b:\n    c: 1\n  d: 2\ne: 3\n",
    "a:\n- b\n-\n- - c\n  - d\n-   e: f\n    g: h\ni:\n  - j\n",
    "- \n-\n- # x\n  a\n-\n  - b\n",
    "'a b' : \"c: d\"\n\"e\":\nf g  : h\n",
    "a: it's {not} [flow], #1 a:b c#d http://x:80/\n",
    "- -a\n- :b\n- ?c\n- --- d\n",
    "a: one\n  two\n\n\n  three\t \n \t\nb:\n  four\n five - six\n",
    "plain\n  on\nlines\n",
    "a: 'it''s\n  two\n\n  three '\nb: \"x \\\n   y\\n\\u00e9\\ud83d\\ude00\\x41\\t\n\n  z\"\n",
    "a:\n  b: \"one\ntwo\"\n  c: 'x\n'\n",
    "a: |\n  b\n   c\n\n  d\n\ne: |-\n  f\n\n\ng: |+\n  h\n\ni: >\n j\n k\n\n  l\n m\n\n",
    "a: |\n\n  b\n \nc: |2\n   d\ne: x\n",
    "a: |2\n   d\n  e\nb: >2-\n    c\n  d\nf: |+1\n  g\n\n",
    "a: |",
    "a: |\nb: >-\n\nc: |- # x\n",
    "a: |\n  b",
    "a: >+\n  b\n\n\n",
    "- |\n b\n- - >\n   c\n   d\n",
    "a: |\r\n  b\r\n\r\n  c\r\n\r\nd: >\r\n  e\r\n  f\r\n",
    "a: |\n  b\n # c\nd: e\n",
    "a: |\n  \tb\n  c\t\n   \n",
    "a: []\nb: {}\nc: [ a, 'b', \"c\" , [d, {e: f}],]\nd: {a: b, \"c\":d, e: , f, 'g' : [h], i: {j: k},}\n",
    "a: [\n  b, # c\n  d e\n  f\n]\ng: {\nh: i,\n  'j':\n    k }\n",
    "{\n\t\"a\": [1, true,\n\t\t{\"b\": null}],\n\t\"c\": \"\\\"\\/\"\n}\n",
    "[a, b]\n# c\n",
    "{{ a }}\n",
    "a: &x b\nc: *x\nd: &y\n  e: *x\nf:\n  <<: *y\n  g: [*x, *y ]\nh: &x\ni: *x\nj: &z [*z]\nk: *none\n",
    "&a b: &c d\n&e 'f':\n  - &g h: i\n  - &j\n    k: l\n  - &m\n  - &n\n    - o\n",
    "a: &b\n- c\nd: !e\n- f\ng: !h |\n  i\nj: !!str &k l\nm: &n !o\np: !q [!r s, &t u]\nv: !!python/name:w.x\n",
    "--- # a\nb: c\n---\n---\n\n# d\n--- e\n--- 'f'\n--- [g]\n--- &h\ni: j\n---\nk: l\n...\n# m\n",
    "a: b\n...\nc: d\n...\n---\ne: f\n",
    "---\n",
    "a: --- b\nc: |\n  ---\n  ...\n",
    "a: 1\nb: {c: 1, c: 2}\na: 2\n'a': 3\n",
    "a:\tb\nc: \t'd'\t# e\nf:\t\n",
    "a: \u{fc}\u{85}\u{2028}\n\u{20ac}: \u{1f6a2}\n",
];

/// What is rare or wrong.
const LEFT: &[&str] = &[
    "? a\n: b\n",
    "a:\n\tb: c\n",
    "-\ta: b\n",
    "a: b: c\n",
    "a: b\n c: d\n",
    " a: b\nc: d\n",
    "a: - b\n",
    "a\nb: c\n",
    "a: one\n  two: x\n",
    "a: b # c\n  d\n",
    "a: 'b' c\n",
    "a: \"\\q\"\n",
    "a: \"\\ud83d\"\n",
    "a: 'b\n",
    "a: [b\n",
    "a: [b}\n",
    "a: [b c: d]\n",
    "{a:[b]}\n",
    "[a b\n: c]\n",
    "[-]\n",
    "[- a]\n",
    "a: |x\n  b\n",
    "a: |\n   \n  b\n",
    "a: |2\n # b\nc: d\n",
    "a:\n  b: |2\n   \n...\nc: d\n",
    "*a : b\n",
    "[a]: b\n",
    "{a: b}: c\n",
    "%YAML 1.2\n---\na: b\n",
    "a: %b\n",
    "a: @b\n",
    "a: `b`\n",
    "a: \u{1}\n",
    "a: \u{80}\n",
    "a: \u{fffe}\n",
    "a: \u{feff}\n",
    "---\n\u{feff}a: b\n",
    "a: b\rc: d\n",
    "--- a: b\n",
    "--- - a\n",
    "a: !<b> c\n",
    "a: &b *c\n",
    "a: 'b\n---\n'\n",
    "a: [b\n---\n]\n",
];

#[test]
fn what_files_are_written_in_is_quick() {
    let left: Vec<_> = QUICK.iter().filter(|text| !is_quick(text)).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_is_rare_or_wrong_is_left_to_the_other() {
    let quick: Vec<_> = LEFT.iter().filter(|text| is_quick(text)).collect();
    assert!(quick.is_empty(), "{quick:?}");
}

#[test]
fn each_beginning_of_a_text_gives_the_same_tree() {
    for text in QUICK.iter().chain(LEFT) {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            is_quick(&text[..end]);
            is_quick(&format!("x:\n  - {}", &text[end..]));
            is_quick(&text[end..]);
        }
    }
}

#[test]
fn pieces_in_any_order_give_the_same_tree() {
    const PIECES: &[&str] = &[
        "a", "b: ", ":", "- ", "-", "\n", "\n", "\n  ", "\n  ", "\n    ", " ", "\t", "\r\n", "#", " # c",
        "'", "\"", "\\", "'d'", "|", ">-\n", "|+\n", "[", "]", "{", "}", ",", ", ", "&e ", "*e", "!f ",
        "\n---", "\n...\n", "? ", "\u{fc}", "2", "x: y\n",
    ];
    // A generator of numbers that is the same on each run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % most
    };
    let mut quick = 0;
    for _ in 0..60_000 {
        let text: String = (0..2 + below(12)).map(|_| PIECES[below(PIECES.len())]).collect();
        quick += usize::from(is_quick(&text));
    }
    assert!(quick > 3_000, "only {quick} were compared");
}

#[test]
fn deep_nesting_is_left_to_the_other() {
    for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(50_000)] {
        assert!(!is_quick(&text));
    }
    assert!(is_quick(&(0..150).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>()));
}
