// Words of templates: an operator's page, and where a venue says whether it follows one.
export const templates = {
	'templates.title': { it: 'Modelli per molti luoghi', en: 'Templates for many venues' },
	'templates.lead': {
		it: 'Parti dell’offerta uguali per molti luoghi. Chi segue un modello le riceve da sé; ciò che un luogo cambia resta suo.',
		en: 'Parts of the offer that are alike at many venues. Who follows a template gets them by itself; what a venue changes stays its own.'
	},
	'templates.keyText': {
		it: 'Questa pagina è di chi gestisce la piattaforma. Incolla la chiave ricevuta (ruolo «operator»).',
		en: 'This page is for who runs the platform. Paste the key you were given (role “operator”).'
	},
	'templates.none': { it: 'Nessun modello.', en: 'No templates.' },
	'templates.add': { it: 'Aggiungi un modello', en: 'Add a template' },
	'templates.new': { it: 'Nuovo modello', en: 'New template' },
	'templates.code': { it: 'Codice del modello:', en: 'Code of the template:' },
	'templates.kinds': { it: 'Chi lo segue se non ha deciso altro', en: 'Who follows it unless they decided otherwise' },
	'templates.kindsHint': { it: 'Nessuna scelta: solo chi lo sceglie da sé.', en: 'None chosen: only who chooses it.' },
	'templates.product': { it: 'Codice del prodotto', en: 'Code of the product' },
	'templates.productHint': {
		it: 'Il prodotto di ogni luogo di cui il modello parla, come «admission».',
		en: 'The product of each venue that the template is about, such as “admission”.'
	},
	'templates.closures': { it: 'Stabilisce i giorni di chiusura', en: 'It sets closed days' },
	'templates.noClosures': { it: 'Nessuna chiusura per tutti.', en: 'No closures for all.' },
	'templates.cancellation': { it: 'Stabilisce quando chi rinuncia è rimborsato', en: 'It sets when giving up is paid back' },
	'templates.exchange': { it: 'Stabilisce quando una visita si sposta', en: 'It sets when a visit can be moved' },
	'templates.admission': { it: 'Stabilisce quando fanno entrare i biglietti', en: 'It sets when tickets admit' },
	'templates.elsewhere': { it: 'Contiene anche: {parts}. Si cambiano con l’API.', en: 'It also holds: {parts}. Changed over the API.' },
	'templates.part.tariffs': { it: 'tariffe', en: 'tariffs' },
	'templates.part.cancellation': { it: 'rinuncia', en: 'giving up' },
	'templates.part.exchange': { it: 'cambio', en: 'exchange' },
	'templates.part.admission': { it: 'ingresso', en: 'admission' },
	'templates.part.groups': { it: 'gruppi', en: 'groups' },
	'templates.part.closures': { it: 'chiusure', en: 'closures' },
	'templates.saved': {
		it: 'Salvato. I luoghi lo ricevono in pochi istanti: aggiorna per vedere chi lo ha.',
		en: 'Saved. The venues get it in a moment: refresh to see who has it.'
	},
	'templates.reaches': { it: 'Lo segue {n} luogo, che lo riceve subito.|Lo seguono {n} luoghi, che lo ricevono subito.', en: '{n} venue follows it and gets it at once.|{n} venues follow it and get it at once.' },
	'templates.reachesKinds': {
		it: 'Lo riceve anche chi non ha ancora deciso, fra questi: {kinds}.',
		en: 'So does who has not decided yet, of these: {kinds}.'
	},
	'templates.stranded': {
		it: 'Se una chiusura lascia visite senza orario, ogni luogo annulla le sue.',
		en: 'Where a closure leaves visits without a slot, each venue calls off its own.'
	},
	'templates.followers': { it: 'Lo segue {n} luogo.|Lo seguono {n} luoghi.', en: '{n} venue follows it.|{n} venues follow it.' },
	'templates.everyone': { it: 'tutti aggiornati', en: 'all up to date' },
	'templates.waiting': { it: '{n} da aggiornare|{n} da aggiornare', en: '{n} to come|{n} to come' },
	'templates.misfits': { it: 'non va bene a {n}|non va bene a {n}', en: 'does not fit {n}|does not fit {n}' },
	'templates.who': { it: 'Chi lo segue', en: 'Who follows it' },
	'templates.hasIt': { it: 'ha l’ultima versione', en: 'has the newest version' },
	'templates.hasOld': { it: 'ha ancora la versione {version}', en: 'still has version {version}' },
	'templates.own': { it: 'di suo: {parts}', en: 'its own: {parts}' },
	'templates.misfit': { it: 'Non si può applicare:', en: 'It cannot be applied:' },
	'follows.title': { it: 'Modello della piattaforma', en: 'Template of the platform' },
	'follows.text': {
		it: 'Chi gestisce la piattaforma può tenere alcune parti dell’offerta uguali per molti luoghi. Una parte che cambi tu, qui sopra, diventa del luogo.',
		en: 'Who runs the platform may keep some parts of the offer alike at many venues. A part that you change, above, becomes the venue’s own.'
	},
	'follows.kind': { it: 'Questo luogo', en: 'This venue' },
	'follows.UNDECIDED': { it: 'segue quello del suo tipo, se c’è', en: 'follows that of its kind, if there is one' },
	'follows.NONE': { it: 'non segue modelli', en: 'follows no template' },
	'follows.TEMPLATE': { it: 'segue un modello', en: 'follows a template' },
	'follows.template': { it: 'Codice del modello', en: 'Code of the template' },
	'follows.templateHint': { it: 'Lo dice chi gestisce la piattaforma.', en: 'Who runs the platform tells it.' },
	'follows.own': { it: 'Parti che il luogo tiene sue', en: 'Parts that the venue keeps as its own' },
	'follows.ownHint': {
		it: 'Una parte tolta da qui torna subito com’è nel modello.',
		en: 'A part taken out is at once as the template says.'
	},
	'problem.unknown-template': { it: 'Questo modello non c’è.', en: 'There is no such template.' },
	'problem.invalid-template': { it: 'Questo modello non si può tenere.', en: 'This template cannot be kept.' }
} as const;
