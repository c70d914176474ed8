//! What the reader makes of files as they come.

use super::*;
use proptest::prelude::*;

/// Reads a file in pieces of `piece` bytes, as the database hands them out.
fn read_in(text: &[u8], delimiter: u8, piece: usize) -> Vec<Row> {
    let mut reader = Reader::new(delimiter);
    let mut rows = Vec::new();
    loop {
        match reader.next() {
            Step::Row(row) => rows.push(row),
            Step::End => return rows,
            Step::More => {
                let from = usize::try_from(reader.wanted()).unwrap();
                let to = ((from / piece + 1) * piece).min(text.len());
                reader.give(&text[from..to], to == text.len());
            }
        }
    }
}

fn read(text: &str) -> Vec<Row> {
    let whole = read_in(text.as_bytes(), b',', 1 << 20);
    for piece in [1, 2, 3, 7, 64] {
        assert_eq!(read_in(text.as_bytes(), b',', piece), whole, "in pieces of {piece}");
    }
    whole
}

/// `a|b` for a good row, `line 3: reason` for a refused one.
fn shown(text: &str) -> Vec<String> {
    let show = |row: Row| match row.faults.first() {
        None => row.cells.join("|"),
        Some(fault) => format!("line {} column {:?}: {}", row.line, fault.column, fault.reason),
    };
    read(text).into_iter().map(show).collect()
}

#[test]
fn reads_what_is_well_formed() {
    let text = "\u{feff}a,b,c\r\n1,\"two, \"\"quoted\"\"\",3\r\n\r\n,,\r\n4,\"line one\nline two\",6";
    assert_eq!(shown(text), ["a|b|c", "1|two, \"quoted\"|3", "4|line one\nline two|6"]);
    let lines: Vec<u64> = read(text).iter().map(|row| row.line).collect();
    assert_eq!(lines, [1, 2, 5]);
    assert_eq!(shown("a,b\r1,2\r3,4"), ["a|b", "1|2", "3|4"]);
}

#[test]
fn a_quote_inside_a_plain_cell_is_text() {
    assert_eq!(shown("a,b\n5\" screen,x\n\"y\" ,z\n"), ["a|b", "5\" screen|x", "y|z"]);
}

#[test]
fn an_unclosed_quote_costs_one_row() {
    let rows = shown("a,b,c\n1,\"open,x\n2,good,y\n3,also,z\n");
    assert_eq!(rows.len(), 4);
    assert!(rows[1].starts_with("line 2 column Some(1): A quote is opened here and never closed"), "{}", rows[1]);
    assert_eq!(rows[2..], ["2|good|y", "3|also|z"]);
}

#[test]
fn an_unclosed_quote_that_meets_another_costs_one_row() {
    let rows = shown("a,b,c\n1,\"open,x\n2,good,y\n3,\"fine\",z\n4,\"two\nlines\",w\n");
    assert!(rows[1].starts_with("line 2 column Some(1): Text stands after a closing quote"), "{}", rows[1]);
    assert_eq!(rows[2..], ["2|good|y", "3|fine|z", "4|two\nlines|w"]);
}

#[test]
fn broken_rows_in_a_row_are_named_one_by_one() {
    let rows = shown("a,b,c\n1,\"x\"y,z\n2,\"x\"y,z\n3,x,\"open\n4,x,y\n");
    assert!(rows[1].starts_with("line 2 ") && rows[2].starts_with("line 3 "), "{rows:?}");
    assert_eq!(rows.last().unwrap(), "4|x|y");
}

#[test]
fn the_tail_of_a_broken_cell_is_passed_over() {
    let rows = shown("a,b,c\n1,\"He said \"hi\" to\nme, and left\",x\n2,good,y\n");
    assert!(rows[1].contains("lines 2 to 3 of the file were left out"), "{}", rows[1]);
    assert_eq!(rows[2..], ["2|good|y"]);
    // The tail alone would parse as three cells, with half a quote inside.
    let rows = shown("a,b,c\n1,\"say \"hi\" to\nme, and, left\",x\n2,\"good\nlines\",y\n");
    assert!(rows[1].contains("lines 2 to 3"), "{}", rows[1]);
    assert_eq!(rows[2..], ["2|good\nlines|y"]);
}

#[test]
fn a_stray_quote_that_closes_elsewhere_does_not_swallow_rows() {
    let rows = shown("a,b,c\n1,\"open,x\n2,5\",y,w\n3,good,z\n");
    assert!(rows[1].starts_with("line 2 column None: The row has 4 cells"), "{}", rows[1]);
    assert_eq!(rows.last().unwrap(), "3|good|z");
}

#[test]
fn wrong_numbers_of_cells_are_counted() {
    let rows = shown("a,b,c\n1\n1,2,3,4\n1,2,3\n");
    assert_eq!(rows[1], "line 2 column None: The row has 1 cell where the first row has 3");
    assert_eq!(rows[2], "line 3 column None: The row has 4 cells where the first row has 3");
    assert_eq!(rows[3], "1|2|3");
}

#[test]
fn bytes_that_are_no_text_name_their_column() {
    let rows = read_in(b"a,b\n1,caf\xe9\n2,x\0y\n3,fine\n", b',', 5);
    assert_eq!(rows[1].faults[0].column, Some(1));
    assert!(rows[1].faults[0].reason.contains("UTF-8") && rows[1].cells[1].contains('\u{fffd}'));
    assert!(rows[2].faults[0].reason.contains("NUL") && !rows[2].cells[1].contains('\0'));
    assert!(rows[3].faults.is_empty());
}

#[test]
fn a_cell_of_ten_megabytes_is_stepped_over() {
    for quote in ["", "\""] {
        let huge = "\"\"x ".repeat(2_500_000);
        let body = if quote.is_empty() { huge.replace('"', "y") } else { huge };
        let text = format!("a,b,c\n1,{quote}{body}{quote},x\n2,good,y\n");
        let mut reader = Reader::new(b',');
        let (mut rows, mut most) = (Vec::new(), 0);
        loop {
            match reader.next() {
                Step::Row(row) => rows.push(row),
                Step::End => break,
                Step::More => {
                    let from = usize::try_from(reader.wanted()).unwrap();
                    let to = (from + (1 << 20)).min(text.len());
                    reader.give(&text.as_bytes()[from..to], to == text.len());
                    most = most.max(reader.scanner.held());
                }
            }
        }
        assert_eq!(
            rows[1].faults,
            [Fault { column: Some(1), reason: "The cell is longer than 64 KB; shorten it".to_owned() }]
        );
        assert_eq!((rows[1].cells[2].as_str(), rows[2].cells.join("|").as_str()), ("x", "2|good|y"));
        assert!(rows[1].cells[1].chars().count() <= CUT_CHARS + 1);
        assert!(most < 2 << 20, "{most} bytes were held");
    }
}

#[test]
fn the_largest_cell_fits() {
    let cell = "x".repeat(MAX_CELL_BYTES);
    assert!(read_in(format!("a\n{cell}\n\"{cell}\"\n").as_bytes(), b',', 999).iter().all(|row| row.faults.is_empty()));
    assert!(!read_in(format!("a\n{cell}x\n").as_bytes(), b',', 999)[1].faults.is_empty());
}

/// Every opened quote is followed by lines that close nothing: reading back must not make this quadratic.
#[test]
#[expect(clippy::disallowed_methods, reason = "a time is measured")]
fn many_broken_rows_take_linear_time() {
    let text = format!("a,b\n{}", "x,\"y\nz,\"\"\"\"w\n".repeat(100_000));
    let started = std::time::Instant::now();
    let rows = read_in(text.as_bytes(), b',', 1 << 20);
    assert!(rows.len() > 1);
    assert!(started.elapsed().as_secs() < 20);
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z ]{1,8}",
        2 => prop::collection::vec(prop::sample::select(vec!['"', ',', ';', '\n', '\r', 'ß', '字', ' ', 'x', '\t']), 1..12).prop_map(String::from_iter),
        1 => Just(String::new()),
    ]
}

proptest! {
    #[test]
    fn what_the_csv_crate_writes_reads_back(
        columns in 1_usize..5,
        cells in prop::collection::vec(cell(), 1..60),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        crlf in any::<bool>(),
        piece in 1_usize..40,
    ) {
        let rows: Vec<Vec<String>> = cells.chunks_exact(columns).map(<[String]>::to_vec)
            .filter(|row| row.iter().any(|cell| cell.chars().any(|c| !c.is_ascii_whitespace())))
            .collect();
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).terminator(terminator).from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let read: Vec<Vec<String>> = read_in(&text, delimiter, piece).into_iter().map(|row| {
            assert!(row.faults.is_empty(), "{row:?}");
            row.cells
        }).collect();
        prop_assert_eq!(read, rows);
    }

    #[test]
    fn anything_is_read_to_its_end(bytes in prop::collection::vec(prop::sample::select(b"ab,\"\n\r\xff\0 ".to_vec()), 0..200), piece in 1_usize..50) {
        let whole = read_in(&bytes, b',', 1 << 20);
        prop_assert_eq!(read_in(&bytes, b',', piece), whole);
    }
}
