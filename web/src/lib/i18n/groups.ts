// Words of groups and school classes: the request, where it stands, and the staff's list.
export const groups = {
	'groups.invite': {
		it: 'Siete un gruppo da {min} persone in su o una classe?',
		en: 'Are you a group of {min} people or more, or a school class?'
	},
	'groups.ask': { it: 'Chiedi la visita', en: 'Ask for a visit' },
	'groups.askTitle': { it: 'Visita di un gruppo o di una classe', en: 'Visit of a group or a school class' },
	'groups.size': {
		it: 'Da {min} a {max} persone. Chi accompagna entra gratis: uno ogni {each} persone.',
		en: 'From {min} to {max} people. Those who lead enter free: one for each {each} people.'
	},
	'groups.surcharge': {
		it: '{name}: {price} per gruppo da {from} persone in su, escluse le scuole.',
		en: '{name}: {price} a group from {from} people, schools excepted.'
	},
	'groups.schools': {
		it: 'Le classi entrano gratis con l’elenco dei nomi, nel contingente stabilito dal direttore; uno che accompagna ogni {each}.',
		en: 'Classes enter free with a list of names, within the director’s quota; one leader for each {each}.'
	},
	'groups.none': { it: 'Questo luogo non prende richieste di gruppi.', en: 'This venue takes no requests of groups.' },
	'groups.kind': { it: 'Chi viene', en: 'Who comes' },
	'groups.GROUP': { it: 'Gruppo', en: 'Group' },
	'groups.SCHOOL': { it: 'Classe scolastica', en: 'School class' },
	'groups.organisation': { it: 'Nome della scuola o del gruppo', en: 'Name of the school or group' },
	'groups.slot': { it: 'Giorno e ora', en: 'Day and time' },
	'groups.slotHint': {
		it: 'Un orario d’ingresso del luogo, per esempio alle 10:00.',
		en: 'An entry time of the venue, such as 10:00.'
	},
	'groups.people': { it: 'Persone, senza chi accompagna', en: 'People, without those who lead' },
	'groups.leaders': { it: 'Chi accompagna', en: 'Those who lead' },
	'groups.note': { it: 'Nota per il luogo', en: 'Note for the venue' },
	'groups.send': { it: 'Manda la richiesta', en: 'Send the request' },
	'groups.sendNote': {
		it: 'I posti non sono presi finché il luogo non accetta: ti scriviamo quando lo fa.',
		en: 'No places are taken until the venue accepts: we write to you when it does.'
	},
	'groups.incomplete': {
		it: 'Completa nome del gruppo, giorno e ora, numeri e recapiti.',
		en: 'Complete the name of the group, day and time, numbers and contact.'
	},
	'groups.title': { it: 'La richiesta del gruppo', en: 'The group’s request' },
	'groups.heads': { it: '{people} persone e {leaders} che accompagnano', en: '{people} people and {leaders} who lead' },
	'groups.REQUESTED': { it: 'In attesa del luogo', en: 'Waiting for the venue' },
	'groups.APPROVED': { it: 'Accettata', en: 'Accepted' },
	'groups.REFUSED': { it: 'Non accettata', en: 'Not accepted' },
	'groups.WITHDRAWN': { it: 'Ritirata', en: 'Taken back' },
	'groups.holdUntil': { it: 'Posti tenuti fino a {when}', en: 'Places held until {when}' },
	'groups.booking.ON_HOLD': { it: 'da confermare', en: 'to be confirmed' },
	'groups.booking.PAYING': { it: 'in pagamento', en: 'being paid' },
	'groups.booking.CONFIRMED': { it: 'confermata', en: 'confirmed' },
	'groups.booking.REDEEMED': { it: 'entrata', en: 'entered' },
	'groups.booking.EXPIRED': { it: 'scaduta', en: 'expired' },
	'groups.booking.CANCELLED': { it: 'annullata', en: 'cancelled' },
	'groups.open': { it: 'Apri la prenotazione e conferma', en: 'Open the booking and confirm' },
	'groups.withdraw': { it: 'Ritira la richiesta', en: 'Take the request back' },
	'groups.list': { it: 'Elenco dei nomi', en: 'List of names' },
	'groups.listHow': {
		it: 'Un file CSV con la prima riga last_name,first_name,role e una riga per ciascuno; role è person o leader. Lo legge solo il luogo e lo cancelliamo 30 giorni dopo la visita.',
		en: 'A CSV file whose first row is last_name,first_name,role, then a row for each; role is person or leader. Only the venue reads it and we delete it 30 days after the visit.'
	},
	'groups.listed': { it: 'Elenco ricevuto: {n} nome.|Elenco ricevuto: {n} nomi.', en: 'List received: {n} name.|List received: {n} names.' },
	'groups.atDoor': { it: 'Venuti {came} di {booked}', en: '{came} of {booked} came' },
	'groups.notListed': { it: 'Elenco non ancora ricevuto.', en: 'No list received yet.' },
	'groups.forgetList': { it: 'Cancella l’elenco', en: 'Delete the list' },
	'groups.staffTitle': { it: 'Gruppi e scuole', en: 'Groups and schools' },
	'groups.staffLead': {
		it: 'Le richieste per i prossimi giorni. Accettare prende i posti fino alla scadenza; le classi restano nel contingente del direttore.',
		en: 'The requests for the coming days. Accepting takes the places until the deadline; classes stay within the director’s quota.'
	},
	'groups.staffNone': { it: 'Nessuna richiesta.', en: 'No requests.' },
	'groups.deadline': { it: 'Tieni i posti fino a', en: 'Hold the places until' },
	'groups.deadlineHint': {
		it: 'Vuoto: 7 giorni, al più tardi 48 ore prima della visita.',
		en: 'Empty: 7 days, and no later than 48 hours before the visit.'
	},
	'groups.approve': { it: 'Accetta', en: 'Accept' },
	'groups.reason': { it: 'Motivo del rifiuto', en: 'Reason of the refusal' },
	'groups.refuse': { it: 'Rifiuta', en: 'Refuse' },
	'groups.download': { it: 'Scarica l’elenco', en: 'Download the list' },
	'problem.no-groups': { it: 'Qui non si accettano gruppi.', en: 'No groups are taken here.' },
	'problem.no-schools': { it: 'Qui non si accettano classi.', en: 'No school classes are taken here.' },
	'problem.group-size': { it: 'Il gruppo è troppo piccolo o troppo grande.', en: 'The group is too small or too large.' },
	'problem.leaders': { it: 'Chi accompagna è troppo o manca.', en: 'Too many lead, or nobody does.' },
	'problem.never-fits': { it: 'In questo orario non c’è posto per tanti.', en: 'There is never room for so many at this time.' },
	'problem.unknown-group': { it: 'Questa richiesta non esiste.', en: 'There is no such request.' },
	'problem.school-quota': {
		it: 'Il contingente del direttore per le scuole non basta.',
		en: 'The director’s quota for schools does not suffice.'
	},
	'problem.already-decided': { it: 'La richiesta è già decisa.', en: 'The request is decided already.' },
	'problem.hold-until': { it: 'Questa scadenza non va bene.', en: 'This deadline cannot be kept.' },
	'problem.invalid-list': { it: 'L’elenco ha errori.', en: 'The list has faults.' },
	'problem.places-held': { it: 'Annulla prima la prenotazione.', en: 'Cancel the booking first.' }
} as const;
