// Words of the page about the devices of a venue.
export const devices = {
	'nav.devices': { it: 'Sensori', en: 'Devices' },
	'devices.title': { it: 'Sensori', en: 'Devices' },
	'devices.lead': {
		it: 'Quali sensori parlano, come stanno, e quanto ci si può fidare dei loro numeri.',
		en: 'Which devices speak, how they do, and how far their numbers may be trusted.'
	},
	'devices.none': {
		it: 'In questo luogo non ci sono sensori. Si iscrivono con `atrio device enrol`.',
		en: 'There are no devices at this venue. They are enrolled with `atrio device enrol`.'
	},
	'devices.device': { it: 'Sensore', en: 'Device' },
	'devices.health': { it: 'Stato', en: 'State' },
	'devices.REVOKED': { it: 'Revocato', en: 'Revoked' },
	'devices.NEVER_HEARD': { it: 'Mai sentito', en: 'Never heard' },
	'devices.SILENT': { it: 'Muto', en: 'Silent' },
	'devices.AT_FAULT': { it: 'Guasto', en: 'At fault' },
	'devices.NEEDS_CARE': { it: 'Da controllare', en: 'Needs care' },
	'devices.GOOD': { it: 'In ordine', en: 'Good' },
	'devices.heard': { it: 'Sentito', en: 'Heard' },
	'devices.silentSince': { it: 'muto da {when}', en: 'silent since {when}' },
	'devices.battery': { it: 'Batteria', en: 'Battery' },
	'devices.signal': { it: 'Segnale', en: 'Signal' },
	'devices.missing': { it: 'Messaggi persi', en: 'Messages lost' },
	'devices.ofThousand': { it: '{count} su mille', en: '{count} in a thousand' },
	'devices.unnumbered': { it: 'non li numera', en: 'numbers none' },
	'devices.unknown': { it: 'non lo dice', en: 'does not say' },
	'devices.gate': { it: 'varco {gate}', en: 'gate {gate}' },
	'devices.back': { it: 'Tutti i sensori', en: 'All devices' },
	'devices.clock': { it: 'Orologio avanti di {count} secondi', en: 'Clock ahead by {count} seconds' },
	'devices.faults': { it: 'Guasti trovati da ciò che conta', en: 'Faults found from what it counts' },
	'devices.faultsNone': { it: 'Nessuno.', en: 'None.' },
	'devices.faultLasts': { it: 'da {since}', en: 'since {since}' },
	'devices.faultOver': { it: 'da {since} a {over}', en: 'from {since} to {over}' },
	'devices.faultUsual': {
		it: 'da {since}; dopo quattro settimane vale come il solito, da {over}',
		en: 'since {since}; after four weeks it is taken as usual, from {over}'
	},
	'devices.judged': {
		it: 'Conteggi confrontati con il solito fino a {when}.',
		en: 'Counts compared with what is usual up to {when}.'
	},
	'devices.notJudged': {
		it: 'Non si sa ancora quanto conta di solito: servono circa dieci giorni di conteggi orari.',
		en: 'What it usually counts is not known yet: about ten days of hourly counts are needed.'
	},
	'devices.observed': { it: 'Che cosa ha osservato', en: 'What it observed' },
	'devices.observedNone': { it: 'Ancora nulla.', en: 'Nothing yet.' },
	'devices.period': { it: 'Periodo', en: 'Period' },
	'devices.what': { it: 'Che cosa', en: 'What' },
	'devices.howMuch': { it: 'Quanto', en: 'How much' },
	'devices.quality': { it: 'Qualità', en: 'Quality' },
	'devices.people': { it: 'persone', en: 'people' },
	'devices.inOut': { it: '{count} (dentro {inside}, fuori {outside})', en: '{count} (in {inside}, out {outside})' },
	'devices.suppressed': { it: 'troppo poche: il numero non è conservato', en: 'too few: the number is not kept' },
	'devices.sum': { it: '{sum} in tutto', en: '{sum} in all' },
	'devices.version': { it: 'corretto, versione {count}', en: 'corrected, version {count}' },
	'devices.q.good': { it: 'buona', en: 'good' },
	'devices.q.late': { it: 'in ritardo', en: 'late' },
	'devices.q.after-gap': { it: 'dopo {count} messaggi mancanti', en: 'after {count} missing messages' },
	'devices.q.after-reset': { it: 'il contatore è ripartito da zero', en: 'the counter began again' },
	'devices.letters': { it: 'Messaggi non contati', en: 'Messages not counted' },
	'devices.lettersNone': { it: 'Nessuno negli ultimi sette giorni.', en: 'None in the last seven days.' },
	'devices.payload': { it: 'Il messaggio', en: 'The message' },
	'devices.withheld': {
		it: 'Non conservato: poteva riguardare una persona.',
		en: 'Not kept: it may have been about a person.'
	},
	'problem.unknown-device': { it: 'Questo sensore non è iscritto.', en: 'This device is not enrolled.' }
} as const;
