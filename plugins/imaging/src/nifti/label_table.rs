//! Label names inside the file, as the XML that `TotalSegmentator` and Connectome Workbench read.

use crate::palette::colour;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The XML of a label table: key, name and colour (red, green, blue from 0 to 1) of every label.
pub fn label_table(names: &BTreeMap<i64, String>) -> String {
    let mut xml =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><CaretExtension><VolumeInformation Index=\"0\"><LabelTable>");
    for (label, name) in names {
        let [red, green, blue] = colour(*label).map(|value| f64::from(value) / 255.0);
        // Writing to a string cannot fail.
        let _ = write!(
            xml,
            "<Label Key=\"{label}\" Red=\"{red:.3}\" Green=\"{green:.3}\" Blue=\"{blue:.3}\" Alpha=\"1\"><![CDATA[{}]]></Label>",
            name.replace("]]>", "]]]]><![CDATA[>")
        );
    }
    xml.push_str("</LabelTable><VolumeType><![CDATA[Label]]></VolumeType></VolumeInformation></CaretExtension>");
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out() {
        let xml = label_table(&BTreeMap::from([(1, "a]]><b".to_owned()), (7, "liver".to_owned())]));
        assert!(xml.contains("<Label Key=\"7\" Red="), "{xml}");
        assert!(xml.contains("<![CDATA[a]]]]><![CDATA[><b]]>"), "{xml}");
    }
}
