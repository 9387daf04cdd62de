//! Who has a right to a unit's price, as data: what a visitor reads before choosing it and what the
//! gate checks. atrio itself believes the visitor until the gate, and keeps no proof.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// A right that the visitor must have; all conditions of a unit together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Citizen of one of these; the European Union counts as one.
    CitizenOf(Vec<Country>),
    /// Works as one of these.
    Profession(Vec<Text>),
    /// Is enrolled in one of these subjects.
    StudentOf(Vec<Text>),
    /// Is disabled.
    Disabled,
    /// Lives in one of these towns.
    ResidentIn(Vec<Town>),
}

/// A country, or the European Union.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Country {
    /// ISO 3166-1, two letters; `EU` for the Union.
    pub code: String,
    /// What it is called.
    pub name: Text,
}

/// A town.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Town {
    /// ISTAT's code, six digits.
    pub code: String,
    /// What it is called.
    pub name: String,
}

/// The codes of ISO 3166-1, and the one reserved there for the European Union.
const COUNTRIES: &str = "EU \
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE \
    EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM \
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC \
    LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

impl Country {
    /// Whether there is one of that code.
    #[must_use]
    pub fn is_known(&self) -> bool {
        COUNTRIES.split_whitespace().any(|code| code == self.code)
    }
}

/// The towns of Italy by ISTAT's code.
const TOWNS: &str = include_str!("../../../../samples/towns.csv");

impl Town {
    /// Whether there is a town of that code and name.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let named = |line: &str| line.split_once(',') == Some((&self.code, &self.name));
        TOWNS.lines().skip(1).any(named)
    }
}

impl Condition {
    /// What the visitor must be, in words.
    #[must_use]
    pub fn words(&self) -> Text {
        match self {
            Self::CitizenOf(countries) => phrase(
                "cittadinanza: ",
                "citizenship: ",
                countries.iter().map(|country| country.name.clone()),
            ),
            Self::Profession(names) => {
                phrase("professione: ", "profession: ", names.iter().cloned())
            }
            Self::StudentOf(subjects) => {
                phrase("iscrizione a: ", "enrolled in: ", subjects.iter().cloned())
            }
            Self::Disabled => Text::new("persona con disabilità", "disabled visitor"),
            Self::ResidentIn(towns) => phrase(
                "residenza a: ",
                "resident in: ",
                towns.iter().map(|town| Text::new(&town.name, &town.name)),
            ),
        }
    }

    /// Whether it asks more than a look at an identity document, so that few visitors have it.
    #[must_use]
    pub fn is_special(&self) -> bool {
        !matches!(self, Self::CitizenOf(_))
    }
}

fn phrase(it: &str, en: &str, names: impl Iterator<Item = Text>) -> Text {
    let names = Text::list(names, ", ");
    Text::new(format!("{it}{}", names.it), format!("{en}{}", names.en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_reads_in_both_languages() {
        let country = |code: &str, it, en| Country { code: code.into(), name: Text::new(it, en) };
        let citizens = Condition::CitizenOf(vec![
            country("EU", "Unione europea", "European Union"),
            country("CH", "Svizzera", "Switzerland"),
        ]);
        let words = citizens.words();
        assert_eq!(words.it, "cittadinanza: Unione europea, Svizzera");
        assert_eq!(words.en, "citizenship: European Union, Switzerland");
    }

    #[test]
    fn a_country_and_a_town_are_those_of_the_registers() {
        let country = |code: &str| Country { code: code.into(), name: Text::new("", "") };
        for (code, known) in [("EU", true), ("CH", true), ("ch", false), ("XX", false), ("", false)]
        {
            assert_eq!(country(code).is_known(), known, "{code}");
        }
        let town = |code: &str, name: &str| Town { code: code.into(), name: name.into() };
        for (code, name, known) in [
            ("077014", "Matera", true),
            ("077014", "Potenza", false),
            ("77014", "Matera", false),
            ("F052", "Matera", false),
            ("code", "name", false),
        ] {
            assert_eq!(town(code, name).is_known(), known, "{code} {name}");
        }
    }
}
