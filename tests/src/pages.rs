//! Compiles the code in the pages of `docs/` as doc tests. Here and not in the crates that the pages are about, because
//! those are published without `docs/`. `.ci/docs` fails if a page with code is missing.

/// docs/counters.md
#[doc = include_str!("../../docs/counters.md")]
struct Counters;

/// docs/flow.md
#[doc = include_str!("../../docs/flow.md")]
struct Flow;

/// docs/judges.md
#[doc = include_str!("../../docs/judges.md")]
struct Judges;

/// docs/migration.md
#[doc = include_str!("../../docs/migration.md")]
struct Migration;

/// docs/observability.md
#[doc = include_str!("../../docs/observability.md")]
struct Observability;

/// docs/once.md
#[doc = include_str!("../../docs/once.md")]
struct Once;

/// docs/policies.md
#[doc = include_str!("../../docs/policies.md")]
struct Policies;

/// docs/review.md
#[doc = include_str!("../../docs/review.md")]
struct Review;

/// docs/settings.md
#[doc = include_str!("../../docs/settings.md")]
struct Settings;

/// docs/testing.md
#[doc = include_str!("../../docs/testing.md")]
struct Testing;

/// docs/service.md
#[doc = include_str!("../../docs/service.md")]
struct Service;
