//! The search indexer.
