// Words of the page where a manager says who works at the venue.
export const members = {
	'members.title': { it: 'Chi lavora qui', en: 'Who works here' },
	'members.lead': {
		it: 'Chi può vendere, far entrare e dirigere in questo luogo. Quello che togli non apre più nulla, da subito.',
		en: 'Who may sell, admit and manage at this venue. What you take back opens nothing more, from now on.'
	},
	'members.none': { it: 'Ancora nessuno.', en: 'Nobody yet.' },
	'members.list': { it: 'Personale', en: 'Staff' },
	'members.unnamed': { it: 'Senza indirizzo: {subject}', en: 'Without an address: {subject}' },
	'members.waiting': { it: 'Non è ancora entrato', en: 'Has not signed in yet' },
	'members.more': { it: 'Mostra altri', en: 'Show more' },
	'members.add': { it: 'Aggiungi una persona', en: 'Add a person' },
	'members.address': { it: 'Indirizzo di posta elettronica', en: 'Mail address' },
	'members.addressHint': {
		it: 'Vale per chi entra con questo indirizzo. Lo vede solo chi gestisce il personale, e si cancella con la persona.',
		en: 'It counts for whoever signs in with this address. Only those who manage the staff see it, and it goes with the person.'
	},
	'members.addressWrong': { it: 'Scrivi un indirizzo, per esempio anna@museo.it.', en: 'Write an address, such as anna@museo.it.' },
	'members.roles': { it: 'Che cosa fa', en: 'What they do' },
	'members.rolesOf': { it: 'Che cosa fa {who}', en: 'What {who} does' },
	'members.rolesWrong': { it: 'Scegli almeno un ruolo.', en: 'Choose at least one role.' },
	'members.role.manager': { it: 'Dirige il luogo', en: 'Manages the venue' },
	'members.role.desk': { it: 'Vende in biglietteria', en: 'Sells at the desk' },
	'members.role.gate': { it: 'Fa entrare al varco', en: 'Admits at the gate' },
	'members.role.analyst': { it: 'Analizza i dati', en: 'Analyses the data' },
	'members.role.data-officer': { it: 'Protegge i dati', en: 'Guards the data' },
	'members.role.operator': { it: 'Nomina il personale', en: 'Appoints the staff' },
	'members.role.admin': { it: 'Gestisce la piattaforma', en: 'Runs the platform' },
	'members.send': { it: 'Aggiungi', en: 'Add' },
	'members.added': { it: '{who} può entrare con questo indirizzo.', en: '{who} may sign in with this address.' },
	'members.save': { it: 'Salva i ruoli', en: 'Save the roles' },
	'members.saved': { it: 'Salvato.', en: 'Saved.' },
	'members.remove': { it: 'Togli', en: 'Remove' },
	'members.removeAsk': {
		it: 'Togliere {who}? Da subito non apre più nulla qui, e l’indirizzo si cancella.',
		en: 'Remove {who}? They open nothing here from now on, and the address is deleted.'
	},
	'members.removeYes': { it: 'Sì, togli', en: 'Yes, remove' },
	'members.removeNo': { it: 'No', en: 'No' },
	'members.removed': { it: '{who} non lavora più qui.', en: '{who} works here no more.' },
	'offer.field.roles': { it: 'ruoli', en: 'roles' },
	'offer.field.subject': { it: 'persona', en: 'person' },
	'problem.wrong-role': { it: 'Il tuo ruolo non lo permette.', en: 'Your role does not allow this.' },
	'problem.other-venue': { it: 'Non lavori in questo luogo.', en: 'You do not work at this venue.' },
	'problem.gate-revoked': {
		it: 'Il ruolo di questo varco è stato tolto: non fa più passare nessuno.',
		en: 'The role of this gate was taken back: it lets nobody through.'
	},
	'problem.role-not-yours': { it: 'Questo ruolo non puoi darlo o toglierlo.', en: 'This role is not yours to give or take back.' },
	'problem.last-manager': {
		it: 'Resterebbe senza chi dirige: prima nomina un’altra persona, che sia entrata almeno una volta.',
		en: 'Nobody would be left to manage: first appoint somebody else, who has signed in once.'
	},
	'problem.member-already': { it: 'Questa persona è già nell’elenco.', en: 'This person is on the list already.' },
	'problem.too-many-members': { it: 'L’elenco è pieno.', en: 'The list is full.' },
	'problem.invalid-member': { it: 'Così non si può aggiungere nessuno.', en: 'Nobody can be added like this.' },
	'problem.unknown-member': { it: 'Questa persona non è più nell’elenco.', en: 'This person is on the list no more.' }
} as const;
