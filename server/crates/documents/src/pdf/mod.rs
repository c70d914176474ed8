//! Writes a laid-out document as PDF: embedded subsets of the fonts, text that can be selected and searched, and the tree of its parts for
//! screen readers. Decides nothing about where things stand; that is `layout`'s.

mod tags;

use crate::layout::{Area, Drawn, Glyph, Ink, Item, Layout, Line, Run, compose};
use crate::model::{Direction, Document};
use crate::text::clean;
use chrono::Datelike;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::{DateTime, Metadata, TextDirection};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, SpanTag};
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{Document as Pdf, SerializeSettings};
use tags::Tags;

/// The library refused what was drawn. No input is known to cause it.
#[derive(Debug, thiserror::Error)]
#[error("the document could not be written as PDF: {0}")]
pub struct WriteError(String);

/// The bytes of the PDF. The same document gives the same bytes.
pub fn write(document: &Document) -> Result<Vec<u8>, WriteError> {
    let layout = compose(document);
    let mut pdf = Pdf::new_with(SerializeSettings::default());
    pdf.set_metadata(metadata(document));
    let mut tags = Tags::new(&layout.structure);
    let picture =
        layout.picture.as_ref().map(|picture| Image::from_rgba8(picture.rgba.clone(), picture.width, picture.height));
    for page in &layout.pages {
        let settings = PageSettings::from_wh(layout.width, layout.height)
            .ok_or_else(|| WriteError("a page without size".to_owned()))?;
        let mut sheet = pdf.start_page_with(settings);
        let mut surface = sheet.surface();
        for item in &page.items {
            draw(item, picture.as_ref(), &layout, &mut surface, &mut tags);
        }
        surface.finish();
        sheet.finish();
    }
    pdf.set_tag_tree(tags.tree(&document.language));
    pdf.finish().map_err(|error| WriteError(error.to_string()))
}

fn metadata(document: &Document) -> Metadata {
    let direction = match document.direction {
        Direction::LeftToRight => TextDirection::LeftToRight,
        Direction::RightToLeft => TextDirection::RightToLeft,
    };
    let metadata = Metadata::new()
        .title(clean(&document.name))
        .authors(vec![clean(&document.issuer.name)])
        .language(document.language.clone())
        .producer("Nexus".to_owned())
        .text_direction(direction);
    match document.issued {
        Some(date) => metadata.creation_date(
            DateTime::new(u16::try_from(date.year()).unwrap_or(0))
                .month(u8::try_from(date.month()).unwrap_or(1))
                .day(u8::try_from(date.day()).unwrap_or(1)),
        ),
        None => metadata,
    }
}

fn draw(item: &Item, picture: Option<&Image>, layout: &Layout, surface: &mut Surface, tags: &mut Tags) {
    match &item.drawn {
        Drawn::Text { line, baseline, ink } => {
            let tag = match item.node {
                Some(_) => ContentTag::Span(SpanTag::empty()),
                None => ContentTag::Artifact(Artifact::with_kind(repeated(item, layout))),
            };
            tags.add(item.node, surface.start_tagged(tag));
            surface.set_fill(Some(fill(*ink)));
            text(line, item.area.x, *baseline, surface);
        }
        Drawn::Rule(ink) => {
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            surface.set_fill(Some(fill(*ink)));
            rule(item.area, surface);
        }
        Drawn::Picture => {
            tags.add(item.node, surface.start_tagged(ContentTag::Other));
            image(item.area, picture, surface);
        }
    }
    surface.end_tagged();
}

fn repeated(item: &Item, layout: &Layout) -> ArtifactType {
    if item.area.y > layout.height / 2.0 { ArtifactType::Footer } else { ArtifactType::Header }
}

fn fill(Ink(red, green, blue): Ink) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() }
}

/// Runs stand from left to right and are drawn in the order of reading, which is the order in which they are copied and spoken.
fn text(line: &Line, x: f32, baseline: f32, surface: &mut Surface) {
    let mut x = x;
    let mut placed: Vec<(f32, &Run)> = Vec::with_capacity(line.runs.len());
    for run in &line.runs {
        placed.push((x, run));
        x += run.advance() * line.size;
    }
    placed.sort_by_key(|(_, run)| run.glyphs.iter().map(|glyph| glyph.cluster.start).min());
    for (x, run) in placed {
        let glyphs: Vec<KrillaGlyph> = run.glyphs.iter().map(glyph).collect();
        let font = run.face.loaded().font.clone();
        surface.draw_glyphs(Point::from_xy(x, baseline), &glyphs, font, &line.text, line.size, false);
    }
}

fn glyph(glyph: &Glyph) -> KrillaGlyph {
    let Glyph { id, advance, dx, dy, cluster } = glyph.clone();
    KrillaGlyph::new(GlyphId::new(id), advance, dx, dy, 0.0, cluster, None)
}

fn rule(area: Area, surface: &mut Surface) {
    let mut path = PathBuilder::new();
    if let Some(area) = Rect::from_xywh(area.x, area.y, area.width, area.height) {
        path.push_rect(area);
    }
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

fn image(area: Area, picture: Option<&Image>, surface: &mut Surface) {
    if let (Some(picture), Some(size)) = (picture, Size::from_wh(area.width, area.height)) {
        surface.push_transform(&Transform::from_translate(area.x, area.y));
        surface.draw_image(picture.clone(), size);
        surface.pop();
    }
}
