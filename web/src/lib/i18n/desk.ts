// Words of the ticket office.
export const desk = {
	'desk.title': { it: 'Biglietteria', en: 'Ticket office' },
	'desk.keyText': {
		it: 'Questa pagina è per la biglietteria. Apri il collegamento ricevuto (ruolo «desk» o «manager»).',
		en: 'This page is for the ticket office. Open the link you were given (role “desk” or “manager”).'
	},
	'desk.openTitle': { it: 'Apri il turno', en: 'Open the shift' },
	'desk.float': { it: 'Fondo cassa in euro', en: 'Float in euro' },
	'desk.floatHint': {
		it: 'Quello che c’è nel cassetto prima della prima vendita.',
		en: 'What is in the drawer before the first sale.'
	},
	'desk.amountWrong': { it: 'Scrivi un importo come 12,50.', en: 'Write an amount such as 12.50.' },
	'desk.open': { it: 'Apri la cassa', en: 'Open the drawer' },
	'desk.selling': { it: 'Vendita', en: 'Sale' },
	'desk.product': { it: 'Che cosa', en: 'What' },
	'desk.people': { it: '{n} persona|{n} persone', en: '{n} person|{n} people' },
	'desk.method': { it: 'Come paga', en: 'How they pay' },
	'desk.CASH': { it: 'Contanti', en: 'Cash' },
	'desk.CARD': { it: 'Carta', en: 'Card' },
	'desk.FREE': { it: 'Gratuito', en: 'Free' },
	'desk.given': { it: 'Ricevuti, in euro', en: 'Handed over, in euro' },
	'desk.givenHint': {
		it: 'Lascia vuoto se l’importo è esatto.',
		en: 'Leave empty for the exact amount.'
	},
	'desk.givenWrong': {
		it: 'Non basta, o non è un importo come 12,50.',
		en: 'Not enough, or not an amount such as 12.50.'
	},
	'desk.change': { it: 'Resto:', en: 'Change:' },
	'desk.sell': { it: 'Incassa {price}', en: 'Take {price}' },
	'desk.sellNothing': { it: 'Scegli chi entra', en: 'Choose who is coming' },
	'desk.sellFree': { it: 'Emetti i biglietti gratuiti', en: 'Issue the free tickets' },
	'desk.applyFirst': { it: '– applica o togli il codice', en: '– apply the code or take it out' },
	'desk.leave': { it: 'Lascia stare: i posti tornano liberi', en: 'Leave it: the places are free again' },
	'desk.printTickets': { it: 'Stampa i biglietti', en: 'Print the tickets' },
	'desk.print': { it: 'Stampa', en: 'Print' },
	'desk.printRoll': { it: 'Rotolo', en: 'Roll' },
	'desk.drawer': { it: 'Cassa', en: 'Drawer' },
	'desk.expected': { it: 'Nel cassetto', en: 'In the drawer' },
	'desk.visitors': { it: 'Visitatori', en: 'Visitors' },
	'desk.freeVisitors': { it: 'di cui gratuiti', en: 'of them free' },
	'desk.sales': { it: 'Vendite', en: 'Sales' },
	'desk.noSales': { it: 'Ancora nessuna vendita.', en: 'No sales yet.' },
	'desk.void': { it: 'Annulla', en: 'Take back' },
	'desk.voided': { it: 'Annullata', en: 'Taken back' },
	'desk.voids': { it: 'Vendite annullate', en: 'Sales taken back' },
	'desk.reason': { it: 'Perché', en: 'Why' },
	'desk.reasonHint': {
		it: 'Poche parole, senza nomi: il conto resta per anni.',
		en: 'A few words, no names: the account is kept for years.'
	},
	'desk.voidYes': { it: 'Restituisci {price} e annulla i biglietti', en: 'Return {price} and void the tickets' },
	'desk.close': { it: 'Conta e chiudi il turno', en: 'Count and close the shift' },
	'desk.counted': { it: 'Contati, in euro', en: 'Counted, in euro' },
	'desk.countedHint': {
		it: 'Tutto quello che c’è nel cassetto, fondo compreso. Non si cambia più.',
		en: 'All that is in the drawer, the float too. It cannot be changed later.'
	},
	'desk.closeYes': { it: 'Chiudi il turno', en: 'Close the shift' },
	'desk.notYet': { it: 'Non ancora', en: 'Not yet' },
	'desk.account': { it: 'Conto del turno', en: 'Account of the shift' },
	'desk.difference': { it: 'Differenza', en: 'Difference' },
	'desk.nextShift': { it: 'Nuovo turno', en: 'New shift' }
} as const;
