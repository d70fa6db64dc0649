//! SNOMED CT codes of segments, by their names. A name that is not known is tissue.

/// A coded concept: value and meaning, in the scheme SCT.
pub type Code = (&'static str, &'static str);

pub const ANATOMY: Code = ("91723000", "Anatomical Structure");
pub const ABNORMAL: Code = ("49755003", "Morphologically Abnormal Structure");

/// What a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    pub category: Code,
    pub kind: Code,
    /// Left or right.
    pub side: Option<Code>,
}

const STRUCTURES: [(&str, Code); 32] = [
    ("adrenal", ("23451007", "Adrenal gland")),
    ("aorta", ("15825003", "Aorta")),
    ("bladder", ("89837001", "Urinary bladder")),
    ("brain", ("12738006", "Brain")),
    ("colon", ("71854001", "Colon")),
    ("duodenum", ("38848004", "Duodenum")),
    ("esophagus", ("32849002", "Esophagus")),
    ("femur", ("71341001", "Femur")),
    ("gallbladder", ("28231008", "Gallbladder")),
    ("heart", ("80891009", "Heart")),
    ("hippocampus", ("5366008", "Hippocampus")),
    ("inferior vena cava", ("64131007", "Inferior vena cava")),
    ("kidney", ("64033007", "Kidney")),
    ("liver", ("10200004", "Liver")),
    ("lung", ("39607008", "Lung")),
    ("meniscus", ("74135004", "Meniscus")),
    ("pancreas", ("15776009", "Pancreas")),
    ("portal vein", ("32764006", "Portal vein")),
    ("prostate", ("41216001", "Prostate")),
    ("rectum", ("34402009", "Rectum")),
    ("rib", ("113197003", "Rib")),
    ("sacrum", ("54735007", "Sacrum")),
    ("small bowel", ("30315005", "Small intestine")),
    ("small intestine", ("30315005", "Small intestine")),
    ("spinal cord", ("2748008", "Spinal cord")),
    ("spleen", ("78961009", "Spleen")),
    ("sternum", ("56873002", "Sternum")),
    ("stomach", ("69695003", "Stomach")),
    ("thyroid", ("69748006", "Thyroid")),
    ("trachea", ("44567001", "Trachea")),
    ("uterus", ("35039007", "Uterus")),
    ("vertebrae", ("51282000", "Vertebra")),
];
const FINDINGS: [(&str, Code); 4] = [
    ("lesion", ("52988006", "Lesion")),
    ("nodule", ("27925004", "Nodule")),
    ("tumor", ("108369006", "Neoplasm")),
    ("tumour", ("108369006", "Neoplasm")),
];
const SIDES: [(&str, Code); 2] = [("left", ("7771000", "Left")), ("right", ("24028007", "Right"))];

/// The codes of a name such as `kidney_left`, `Left kidney` or `liver tumour`.
pub fn of(name: &str) -> Property {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>();
    let text = format!(" {} ", words.join(" "));
    let find = |table: &[(&str, Code)]| {
        let named = |known: &str| text.contains(&format!(" {known} ")) || text.contains(&format!(" {known}s "));
        table.iter().find(|(known, _)| named(known)).map(|(_, code)| *code)
    };
    let side = find(&SIDES);
    match (find(&FINDINGS), find(&STRUCTURES)) {
        (Some(kind), _) => Property { category: ABNORMAL, kind, side },
        (None, Some(kind)) => Property { category: ANATOMY, kind, side },
        (None, None) => Property { category: ANATOMY, kind: ("85756007", "Tissue"), side },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_word_by_word() {
        assert_eq!(of("kidney_left"), Property { category: ANATOMY, kind: ("64033007", "Kidney"), side: Some(SIDES[0].1) });
        assert_eq!(of("Liver tumour").kind.1, "Neoplasm");
        assert_eq!(of("gallbladder").kind.1, "Gallbladder");
        assert_eq!(of("urinary_bladder").kind.1, "Urinary bladder");
        assert_eq!(of("calibrated").kind.1, "Tissue");
    }
}
