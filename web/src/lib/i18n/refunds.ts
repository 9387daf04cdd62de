// Words of the page where what goes back to visitors by transfer is looked after.
export const refunds = {
	'refunds.title': { it: 'Rimborsi', en: 'Refunds' },
	'refunds.lead': {
		it: 'Quello che torna ai visitatori con bonifico: di chi manca il conto, che cosa va in banca, che cosa è stato pagato e da chi.',
		en: 'What goes back to visitors by transfer: whose account is missing, what goes to the bank, what was paid and by whom.'
	},
	'refunds.none': {
		it: 'Niente da rimborsare con bonifico. Dove il gestore dei pagamenti restituisce da solo, qui non resta nulla da fare.',
		en: 'Nothing to pay back by transfer. Where the payment provider pays back by itself, nothing is left to do here.'
	},
	'refunds.count': { it: '{n} rimborso|{n} rimborsi', en: '{n} refund|{n} refunds' },
	'refunds.WAITING': { it: 'Manca il conto', en: 'Account missing' },
	'refunds.READY': { it: 'Pronti per la banca', en: 'Ready for the bank' },
	'refunds.FILED': { it: 'In un file per la banca', en: 'In a file for the bank' },
	'refunds.PAID_BACK': { it: 'Pagati', en: 'Paid back' },
	'refunds.waitingText': {
		it: 'Il visitatore scrive l’IBAN sulla pagina della sua prenotazione. Chi è stato rimborsato in altro modo si può segnare come pagato.',
		en: 'The visitor writes the IBAN on the page of the booking. Who was paid back in another way can be marked as paid.'
	},
	'refunds.readyText': {
		it: 'Il conto c’è e nessun file li contiene ancora.',
		en: 'The account is known and no file holds them yet.'
	},
	'refunds.filedText': {
		it: 'Carica il file nell’home banking. Quando il bonifico è partito, segna ciascuno come pagato con il riferimento della banca.',
		en: 'Upload the file to your online banking. Once the transfer was made, mark each as paid with the bank’s reference.'
	},
	'refunds.paidText': {
		it: 'Ogni passo resta scritto con chi l’ha fatto e quando. Il conto del visitatore è cancellato.',
		en: 'Each step stays on record with who took it and when. The visitor’s account is deleted.'
	},
	'refunds.register': { it: 'Scarica il registro (CSV)', en: 'Download the record (CSV)' },
	'refunds.booking': { it: 'Prenotazione', en: 'Booking' },
	'refunds.payment': { it: 'Pagamento', en: 'Payment' },
	'refunds.since': { it: 'Dovuto dal {when}', en: 'Due since {when}' },
	'refunds.asked': {
		it: 'Erano chiesti {price}: è arrivato un altro importo, e torna tutto.',
		en: '{price} was asked: another amount came, and all of it goes back.'
	},
	'refunds.make': { it: 'Fai il file e scaricalo', en: 'Make the file and download it' },
	'refunds.making': { it: 'Faccio il file…', en: 'Making the file…' },
	'refunds.fileHas': {
		it: '{n} bonifico, {price} in tutto (pain.001)|{n} bonifici, {price} in tutto (pain.001)',
		en: '{n} transfer, {price} in all (pain.001)|{n} transfers, {price} in all (pain.001)'
	},
	'refunds.made': {
		it: 'Scaricato {name}. Contiene nomi e conti: caricalo in banca e poi cancellalo.',
		en: 'Downloaded {name}. It holds names and accounts: upload it to the bank, then delete it.'
	},
	'refunds.madeBy': { it: 'Fatto il {when} da', en: 'Made {when} by' },
	'refunds.again': { it: 'Scarica di nuovo il file', en: 'Download the file again' },
	'refunds.mark': { it: 'Segna come pagato', en: 'Mark as paid' },
	'refunds.reference': { it: 'Riferimento della banca', en: 'Bank’s reference' },
	'refunds.referenceHint': {
		it: 'Il TRN o CRO del bonifico, al massimo 35 caratteri. Niente nomi: si conserva per anni.',
		en: 'The transfer’s TRN, at most 35 characters. No names: it is kept for years.'
	},
	'refunds.referenceWrong': { it: 'Scrivi il riferimento del bonifico.', en: 'Write the reference of the transfer.' },
	'refunds.next': { it: 'Avanti', en: 'Next' },
	'refunds.ask': {
		it: 'Segnare {price} come pagati con il riferimento {reference}? Non si torna indietro, e il conto del visitatore si cancella.',
		en: 'Mark {price} as paid under the reference {reference}? This is not taken back, and the visitor’s account is deleted.'
	},
	'refunds.yes': { it: 'Sì, è pagato', en: 'Yes, it is paid' },
	'refunds.no': { it: 'No', en: 'No' },
	'refunds.marked': { it: '{price} segnati come pagati.', en: '{price} marked as paid.' },
	'refunds.stepFiled': { it: 'Messo nel file:', en: 'Put into the file:' },
	'refunds.stepPaid': { it: 'Segnato come pagato:', en: 'Marked as paid:' },
	'problem.nothing-to-file': {
		it: 'Nessun rimborso aspetta un bonifico verso un conto conosciuto.',
		en: 'No refund waits for a transfer to a known account.'
	},
	'problem.file-is-over': {
		it: 'I rimborsi di questo file sono già pagati: non si scarica più.',
		en: 'The refunds of this file are paid already: it cannot be downloaded any more.'
	},
	'problem.paid-back-before': {
		it: 'Era già segnato come pagato, con un altro riferimento.',
		en: 'It was marked as paid before, under another reference.'
	},
	'problem.unknown-refund': {
		it: 'Qui non c’è nulla da rimborsare con bonifico.',
		en: 'Nothing is to be paid back by transfer here.'
	}
} as const;
