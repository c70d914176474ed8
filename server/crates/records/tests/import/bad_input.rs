//! Files that nobody should send, and what they get.

use crate::support::*;
use domain::imports::{Existing, ImportErrorFile, ImportStatus, MAX_FILE_BYTES, Mapping};
use domain::{Error, Kind};
use platform::dispatch::Caller;
use std::collections::BTreeMap;
use testkit::TestWorld;

async fn refused(world: &TestWorld, caller: &Caller, content: &[u8]) -> Error {
    upload(world, caller, "lead", content).await.unwrap_err()
}

#[tokio::test]
async fn files_that_hold_nothing_to_import_are_refused_in_words() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    for (content, words) in [
        (&b""[..], "The file is empty"),
        (b"\n\r\n \n", "The file is empty"),
        (b"\xef\xbb\xbf", "The file is empty"),
        (b",,,\n,,\n", "The file is empty"),
        (b"Name,E-mail\r\n", "only a header"),
        (b"PK\x03\x04\x14\x00xl/workbook.xml", "The spreadsheet is damaged"),
        (b"\xff\xfeN\0a\0m\0e\0", "UTF-16"),
        (b"Name,\"E-mail\nA,b\n", "The first row cannot be read"),
    ] {
        let error = refused(&world, &amina, content).await;
        assert!(error.kind == Kind::Invalid && error.fields[0].field == "content", "{error:?}");
        assert!(error.message.contains(words), "{words}: {error}");
    }
    let error = refused(&world, &amina, &vec![b'a'; MAX_FILE_BYTES + 1]).await;
    assert!(error.kind == Kind::TooLarge && error.message.contains("25 MB"), "{error}");
    let wide = format!("{}\n1\n", vec!["a"; 600].join(","));
    assert!(refused(&world, &amina, wide.as_bytes()).await.message.contains("600 columns"));
    world.end().await;
}

#[tokio::test]
async fn good_rows_come_in_beside_every_kind_of_bad_one() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    let huge = "x".repeat(10 * 1024 * 1024);
    let mut content = b"\xef\xbb\xbfName;E-mail;Company;Notes\r\n".to_vec();
    content.extend_from_slice(b"Asha;asha@x.example;Lake;\"two\nlines\"\r\n");
    content.extend_from_slice(b"Broken;\"b\"roken@x.example;Lake;\r\n");
    content.extend_from_slice(b"\r\n");
    content.extend_from_slice(b"Caf\xe9;cafe@x.example;Lake;\r\n");
    content.extend_from_slice(format!("Huge;huge@x.example;Lake;\"{huge}\"\r\n").as_bytes());
    content.extend_from_slice(b"Short;short@x.example\r\n");
    content.extend_from_slice(b"Twice;ASHA@x.example;Lake;\r\n");
    content.extend_from_slice(b";no.example;Lake;\r\n");
    content.extend_from_slice(b"Nul\0;nul@x.example;Lake;\r\n");
    content.extend_from_slice(b"Open;open@x.example;Lake;\"never closed\r\n");
    content.extend_from_slice(b"Zuri;zuri@x.example;Lake;fine\r\n");
    let import = upload(&world, &amina, "lead", &content).await.unwrap();
    assert_eq!((import.file_name.as_str(), import.rows), ("list.csv", 10));
    let import = map(&world, &amina, &import, import.mapping.clone()).await.unwrap();
    let shown = preview(&world, &amina, &import).await;
    assert_eq!((shown.would_create, shown.refused), (2, 8));
    let import = finish(&world, &amina, &import).await;
    assert_eq!((import.status, import.created, import.refused), (ImportStatus::Done, 2, 8));
    let refusals = refusals(&world, &amina, &import).await;
    let wanted = [
        (2, Some("E-mail"), "Text stands after a closing quote"),
        (3, Some("Name"), "not UTF-8"),
        (4, Some("Notes"), "longer than 64 KB"),
        (5, None, "2 cells where the first row has 4"),
        (6, Some("E-mail"), "is the same as in row 1"),
        (7, Some("Name"), "required"),
        (7, Some("E-mail"), "no @"),
        (8, Some("Name"), "NUL"),
        (9, Some("Notes"), "never closed"),
    ];
    assert_eq!(refusals.len(), wanted.len(), "{refusals:#?}");
    for (found, (row, column, words)) in refusals.iter().zip(wanted) {
        assert!(found.0 == row && found.1.as_deref() == column && found.2.contains(words), "{found:?}: {words}");
    }
    let file = world.run(&amina, ImportErrorFile { id: import.id }).await.unwrap();
    assert!(file.content.starts_with("Name,E-mail,Company,Notes,row,column,reason\n"));
    assert!(file.content.len() < 10_000, "the huge cell was kept");
    let both = file.content.lines().find(|line| line.contains("no.example")).unwrap();
    assert!(both.contains("Name; E-mail"), "{both}");
    let names: Vec<String> =
        all(&world, &amina, "lead", "").await.iter().map(|row| row.text("name").unwrap().to_owned()).collect();
    assert_eq!(names, ["Asha", "Zuri"]);
    // The same again changes nothing.
    let before = world.fingerprint(&BUSINESS).await;
    let again = upload(&world, &amina, "lead", &content).await.unwrap();
    let again = map(&world, &amina, &again, again.mapping.clone()).await.unwrap();
    let again = finish(&world, &amina, &again).await;
    assert_eq!((again.created, again.unchanged, again.refused), (0, 2, 8));
    assert_eq!(world.fingerprint(&BUSINESS).await, before);
    world.end().await;
}

#[tokio::test]
async fn a_file_without_a_header_is_noticed_and_can_be_mapped() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    let import = upload(&world, &amina, "lead", b"Asha,asha@x.example\nZuri,zuri@x.example\n").await.unwrap();
    assert!(import.header_doubt.as_ref().is_some_and(|doubt| doubt.contains("asha@x.example")), "{import:?}");
    assert!(!import.mapping.header);
    assert_eq!((import.rows, import.columns.clone()), (2, vec!["Column 1".to_owned(), "Column 2".to_owned()]));
    assert_eq!(import.mapping.columns, BTreeMap::from([(1, "email".to_owned())]));
    let mut mapping = import.mapping.clone();
    // Who insists on a header gets one, and back.
    let header = map(
        &world,
        &amina,
        &import,
        Mapping { header: true, columns: BTreeMap::from([(0, "name".to_owned())]), key: None, ..mapping.clone() },
    )
    .await;
    let header = header.unwrap();
    assert_eq!((header.rows, header.columns), (1, vec!["Asha".to_owned(), "asha@x.example".to_owned()]));
    mapping.columns.insert(0, "name".to_owned());
    let import = map(&world, &amina, &import, mapping).await.unwrap();
    assert_eq!((import.rows, import.status), (2, ImportStatus::Mapped));
    let import = finish(&world, &amina, &import).await;
    assert_eq!(import.created, 2);
    world.end().await;
}

#[tokio::test]
async fn a_mapping_that_cannot_work_names_everything_that_is_wrong() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    let import = upload(&world, &amina, "lead", b"A,B,C,D\n1,2,3,4\n").await.unwrap();
    let of = |columns: &[(u32, &str)]| Mapping {
        header: true,
        columns: columns.iter().map(|(position, key)| (*position, (*key).to_owned())).collect(),
        ..Mapping::default()
    };
    let wrong = Mapping {
        key: Some("phone".to_owned()),
        currency: Some("XXQ".to_owned()),
        ..of(&[(0, "emial"), (1, "city"), (2, "city"), (3, "value.currency"), (9, "name")])
    };
    let error = map(&world, &amina, &import, wrong).await.unwrap_err();
    let faults: Vec<(&str, &str)> =
        error.fields.iter().map(|fault| (fault.field.as_str(), fault.message.as_str())).collect();
    let expect = [
        ("columns.0", "did you mean email?"),
        ("columns.2", "City is mapped to two columns"),
        ("columns.9", "The file has no column 10"),
        ("columns.3", "no column holds the amount"),
        ("columns", "Name is required"),
        ("key", "Phone may be the same in two rows"),
        ("currency", "XXQ is not a currency"),
    ];
    assert_eq!(faults.len(), expect.len(), "{faults:#?}");
    for (field, words) in expect {
        assert!(faults.iter().any(|fault| fault.0 == field && fault.1.contains(words)), "{field} {words}: {faults:#?}");
    }
    // What the server keeps cannot be brought in a file.
    let error = map(&world, &amina, &import, of(&[(0, "name"), (1, "number")])).await.unwrap_err();
    assert_eq!(error.fields[0].field, "columns.1");
    let error =
        map(&world, &amina, &import, Mapping { existing: Existing::Update, ..of(&[(0, "name")]) }).await.unwrap_err();
    assert_eq!(error.fields[0].field, "key");
    assert_eq!(get(&world, &amina, &import).await.status, ImportStatus::Uploaded);
    // A form sends what was left out as blanks.
    let blanks =
        Mapping { key: Some(String::new()), currency: Some(String::new()), ..of(&[(0, "name"), (1, ""), (2, " ")]) };
    let other = upload(&world, &amina, "lead", b"A,B,C,D\n1,2,3,4\n").await.unwrap();
    let other = map(&world, &amina, &other, blanks).await.unwrap();
    assert_eq!((other.mapping.columns.len(), other.mapping.key, other.mapping.currency), (1, None, None));
    let error = start(&world, &amina, &import).await.unwrap_err();
    assert!(error.kind == Kind::Conflict && error.message.contains("Map the columns first"));
    world.end().await;
}

#[tokio::test]
async fn columns_that_were_mapped_before_are_mapped_again() {
    let world = world().await;
    let (_, amina) = demo(&world).await;
    let content = "Wer,Wohin\nAsha,asha@x.example\n";
    let import = upload(&world, &amina, "lead", content.as_bytes()).await.unwrap();
    assert!(import.mapping.columns.is_empty());
    let columns = BTreeMap::from([(0, "name".to_owned()), (1, "email".to_owned())]);
    let mapping = Mapping {
        columns: columns.clone(),
        key: Some("email".to_owned()),
        existing: Existing::Update,
        ..import.mapping.clone()
    };
    let import = map(&world, &amina, &import, mapping).await.unwrap();
    finish(&world, &amina, &import).await;
    let next = upload(&world, &amina, "lead", content.as_bytes()).await.unwrap();
    assert_eq!(
        (next.mapping.columns, next.mapping.key, next.mapping.existing),
        (columns, Some("email".to_owned()), Existing::Skip)
    );
    world.end().await;
}
