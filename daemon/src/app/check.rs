//! What a configuration says that no single value tells: whether the files it names can be used, and what will not work.

use config::gateway::{Gateway, ModemData};

use crate::adapters::modem::settings;

/// What was found out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The gateway cannot do what it is configured for: `check` ends with status 78. Water flows all the same, so `run`
    /// only tells it.
    pub wrong: Vec<String>,
    /// It works, and somebody should know.
    pub doubtful: Vec<String>,
}

impl Found {
    /// For a start: it is told, and keeps no water back.
    pub fn log(&self) {
        for wrong in &self.wrong {
            tracing::error!("{wrong}");
        }
        for doubtful in &self.doubtful {
            tracing::warn!("{doubtful}");
        }
    }
}

/// Looks into the files that the settings name, and compares settings with one another.
pub fn look(config: &Gateway) -> Found {
    let mut found = Found {
        wrong: settings::faults(&config.modem)
            .iter()
            .map(ToString::to_string)
            .collect(),
        doubtful: settings::doubt(&config.modem).into_iter().collect(),
    };
    found.doubtful.extend(without_modem(config));
    let unused_apn = match (&config.modem.apn, config.modem.data) {
        (None, _) | (_, ModemData::Ecm) => None,
        (_, ModemData::ModemManager) => Some("with \"modemmanager\" the connection's own settings name the APN"),
        (_, ModemData::None) => Some("with \"none\" nobody makes a data connection"),
    };
    let apn = |why| format!("modem.apn is used by modem.data = \"ecm\" alone: {why}");
    found.doubtful.extend(unused_apn.map(apn));
    let (sync, all) = (config.sync.texts_per_day, config.sms.parts_per_day);
    // Zero texts in all are somebody's wish.
    if all > 0 && sync >= all {
        found.doubtful.push(format!(
            "sync.texts_per_day is {sync} and sms.parts_per_day {all}: sync may take every text of a day, and none is left \
             for answers and alarms; set it lower, or sms.parts_per_day higher"
        ));
    }
    found
}

/// Settings of which nothing comes where there is no modem.
fn without_modem(config: &Gateway) -> Option<String> {
    if config.modem.port.is_some() {
        return None;
    }
    let idle: Vec<&str> = [
        ("modem.sim_pin_file", config.modem.sim_pin_file.is_some()),
        ("modem.power_hook", config.modem.power_hook.is_some()),
        ("sms.hub_number", config.sms.hub_number.is_some()),
        ("sms.technician", !config.sms.technician.is_empty()),
        ("ussd.hub_code", config.ussd_hub_code.is_some()),
    ]
    .into_iter()
    .filter_map(|(key, is_set)| is_set.then_some(key))
    .collect();
    (!idle.is_empty()).then(|| {
        let idle = idle.join(", ");
        format!("modem.port is not set: without a modem nothing comes of {idle}")
    })
}

#[cfg(test)]
mod tests {
    use config::{Sources, System};

    use super::*;

    fn found(set: &[&str]) -> Found {
        let sources = Sources {
            files: vec!["/dev/null".into()],
            set: set.iter().map(|assignment| (*assignment).to_owned()).collect(),
            ..Sources::default()
        };
        look(&Gateway::load(&sources, &System).unwrap().config)
    }

    const PORT: &str = "modem.port=/dev/kisima-modem";

    #[test]
    fn settings_that_do_not_go_together_are_told() {
        const APN: &str = "modem.apn is used by modem.data = \"ecm\" alone: ";
        const TEXTS: &str = "sync may take every text of a day";
        for (set, expected) in [
            (&[][..], None),
            (&[PORT], None),
            (&[PORT, "sync.texts_per_day=200"], Some(TEXTS)),
            (&[PORT, "sync.texts_per_day=199"], None),
            (&[PORT, "sms.parts_per_day=50"], Some(TEXTS)),
            (&[PORT, "sms.parts_per_day=0"], None),
            (&[PORT, "modem.apn=internet"], Some(APN)),
            (&[PORT, "modem.apn=internet", "modem.data=modemmanager"], Some(APN)),
            (&[PORT, "modem.apn=internet", "modem.data=ecm"], None),
            (
                &["ussd.hub_code=*384*303#", "sms.technician=['+254700000102']"],
                Some("nothing comes of sms.technician, ussd.hub_code"),
            ),
            (
                &[PORT, "ussd.hub_code=*384*303#", "sms.technician=['+254700000102']"],
                None,
            ),
        ] {
            let found = found(set);
            assert_eq!(found.wrong, [] as [String; 0], "{set:?}");
            assert_eq!(
                found.doubtful.len(),
                usize::from(expected.is_some()),
                "{set:?}: {found:?}"
            );
            assert!(
                expected.is_none_or(|expected| found.doubtful[0].contains(expected)),
                "{set:?}: {found:?}"
            );
        }
    }

    #[test]
    fn the_modems_files_are_looked_into_also_before_it_has_a_port() {
        let found = found(&["modem.profile=nokia", "modem.power_hook=/no/such/program"]);
        let begins: Vec<&str> = found.wrong.iter().filter_map(|said| said.split(':').next()).collect();
        assert_eq!(begins, ["modem.profile", "modem.power_hook"]);
    }
}
