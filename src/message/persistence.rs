//! Whether the service stores a message.

use super::open_enum::open_enum;

open_enum! {
    /// Whether the service stores a message.
    pub enum Persistence {
        /// `PERSISTENT`: stored.
        Persistent = "PERSISTENT",
        /// `NON_PERSISTENT`: delivered to the members who are present, and not stored.
        NonPersistent = "NON_PERSISTENT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_the_name_of_the_service() {
        let unknown = |name: &str| Persistence::Unknown(name.to_owned());
        for (name, value) in [
            ("PERSISTENT", Persistence::Persistent),
            ("NON_PERSISTENT", Persistence::NonPersistent),
            ("SOMEDAY", unknown("SOMEDAY")),
            ("persistent", unknown("persistent")),
            ("", unknown("")),
        ] {
            assert_eq!(Persistence::from(name), value);
            assert_eq!(Persistence::from(name.to_owned()), value);
            assert_eq!(value.as_str(), name);
        }
    }
}
