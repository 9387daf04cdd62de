// Words of the venue page: facts, day, slot, people, contact, cart.
export const venue = {
	'venue.missing': { it: 'Manca il luogo', en: 'No venue chosen' },
	'venue.missingText': {
		it: 'L’indirizzo di questa pagina deve indicare un luogo. Sceglilo dall’elenco.',
		en: 'The address of this page must name a venue. Choose one from the list.'
	},
	'venue.facts': { it: 'Il luogo', en: 'The venue' },
	'venue.opening': { it: 'Orari', en: 'Opening hours' },
	'venue.day': { it: 'Giorno', en: 'Day' },
	'venue.hours': { it: 'Apertura', en: 'Open' },
	'venue.lastEntry': { it: 'Ultimo ingresso', en: 'Last entry' },
	'venue.closed': { it: 'chiuso', en: 'closed' },
	'venue.defaultWeek': {
		it: 'Orario tipo: il luogo non ha ancora comunicato il proprio.',
		en: 'Standard week: the venue has not yet given its own hours.'
	},
	'venue.visitors': { it: 'Visitatori l’anno', en: 'Visitors a year' },
	'venue.visitorsSource': { it: 'indagine ISTAT', en: 'ISTAT survey' },
	'venue.where': { it: 'Dove', en: 'Where' },
	'venue.category': { it: 'Categoria', en: 'Category' },
	'venue.website': { it: 'Sito del luogo', en: 'Venue website' },
	'venue.book': { it: 'Prenota l’ingresso', en: 'Book your visit' },
	'venue.stepDay': { it: 'Scegli il giorno', en: 'Choose the day' },
	'venue.stepSlot': { it: 'Scegli l’orario d’ingresso', en: 'Choose the entry time' },
	'venue.stepUnits': { it: 'Chi entra', en: 'Who is coming' },
	'venue.stepContact': { it: 'Chi prenota', en: 'Who books' },
	'venue.stepPassDay': { it: 'Da quale giorno', en: 'From which day' },
	'venue.stepPass': { it: 'Che cosa apre', en: 'What it opens' },
	'venue.products': { it: 'Che cosa si può visitare', en: 'What there is to visit' },
	'venue.passes': { it: 'Tessere e biglietti cumulativi', en: 'Passes for several venues' },
	'venue.passTerm': { it: 'Validità: {term}', en: 'Valid: {term}' },
	'venue.passSoldBy': { it: 'Si acquista da: {venue}', en: 'Sold by: {venue}' },
	'venue.firstDay': { it: 'Primo giorno libero: {day}', en: 'First available day: {day}' },
	'venue.previousMonth': { it: 'Mese precedente', en: 'Previous month' },
	'venue.nextMonth': { it: 'Mese successivo', en: 'Next month' },
	'venue.noted': { it: 'c’è una nota', en: 'has a note' },
	'venue.legend': { it: 'Legenda', en: 'Legend' },
	'venue.noDays': {
		it: 'Nessun giorno prenotabile in questo mese. Prova con il mese successivo.',
		en: 'No bookable day in this month. Try the next month.'
	},
	'venue.chooseDayFirst': { it: 'Prima scegli il giorno.', en: 'Choose the day first.' },
	'venue.vacancies': { it: '{n} posto|{n} posti', en: '{n} place|{n} places' },
	'venue.noSlots': { it: 'Nessun orario prenotabile in questo giorno.', en: 'No bookable time on this day.' },
	'venue.slotGone': {
		it: 'L’orario scelto non è più prenotabile: scegline un altro.',
		en: 'The time you chose can no longer be booked: choose another.'
	},
	'venue.document': { it: 'All’ingresso: {document}', en: 'At the entrance: {document}' },
	'venue.add': { it: 'Aggiungi: {unit}', en: 'Add: {unit}' },
	'venue.remove': { it: 'Togli: {unit}', en: 'Remove: {unit}' },
	'venue.quantity': { it: 'Quantità: {unit}', en: 'Quantity: {unit}' },
	'venue.maxUnits': {
		it: 'Al massimo {n} persona per prenotazione in questo orario.|Al massimo {n} persone per prenotazione in questo orario.',
		en: 'At most {n} person in one booking at this time.|At most {n} people in one booking at this time.'
	},
	'venue.accompanied': {
		it: '«{unit}» entra solo accompagnato: aggiungi almeno un biglietto {companions}.',
		en: '“{unit}” must be accompanied: add at least one {companions} ticket.'
	},
	'venue.companions': {
		it: '«{unit}»: uno per ogni {companions} della prenotazione.',
		en: '“{unit}”: one for each {companions} in the booking.'
	},
	'venue.minimum': {
		it: 'La visita si fa con almeno {n} persone: si decide {hours} ore prima. Se non bastano, tutto l’importo è restituito.',
		en: 'The visit takes place with at least {n} people, which is decided {hours} hours before. With fewer, all of the money goes back.'
	},
	'venue.pieces': { it: 'Pezzi da consultare', en: 'Pieces to consult' },
	'venue.piecesHint': {
		it: 'Una segnatura per riga, al massimo {n}: le trovi pronte sul tavolo.',
		en: 'One shelfmark on each line, at most {n}: they await you on the desk.'
	},
	'venue.todoPieces': { it: 'chiedi al massimo {n} pezzi', en: 'ask for at most {n} pieces' },
	'venue.voucher': { it: 'Codice sconto', en: 'Discount code' },
	'venue.voucherHint': {
		it: 'Maiuscole, spazi e trattini non contano.',
		en: 'Capitals, spaces and dashes do not matter.'
	},
	'venue.voucherApply': { it: 'Applica il codice', en: 'Apply the code' },
	'venue.voucherApplied': {
		it: 'Codice applicato: il prezzo è nel riepilogo.',
		en: 'Code applied: the price is in the summary.'
	},
	'venue.otherUnits': { it: 'Altre riduzioni e gratuità', en: 'Other reductions and free tickets' },
	'venue.otherChosen': { it: '{n} scelta|{n} scelte', en: '{n} chosen|{n} chosen' },
	'venue.otherGrownUp': { it: 'un altro adulto', en: 'another grown-up' },
	'venue.part': { it: '{name}: {price}', en: '{name}: {price}' },
	'venue.partFor': { it: '{name}: {price}, a {body}', en: '{name}: {price}, to {body}' },
	'venue.or': { it: 'o', en: 'or' },
	'venue.tooMany': {
		it: 'In questo orario restano {n} posti: togli qualcuno o scegli un altro orario.',
		en: '{n} places are left at this time: remove someone or choose another time.'
	},
	'venue.fullName': { it: 'Nome e cognome', en: 'Full name' },
	'venue.email': { it: 'Indirizzo e-mail', en: 'E-mail address' },
	'venue.phone': { it: 'Telefono', en: 'Phone' },
	'venue.fullNameError': { it: 'Scrivi nome e cognome.', en: 'Enter your full name.' },
	'venue.emailError': {
		it: 'Scrivi un indirizzo e-mail completo, per esempio nome@dominio.it.',
		en: 'Enter a complete e-mail address, such as name@domain.org.'
	},
	'venue.phoneError': {
		it: 'Scrivi solo cifre, spazi e il segno +, o lascia vuoto.',
		en: 'Use only digits, spaces and the + sign, or leave it empty.'
	},
	'venue.privacy': {
		it: 'Usiamo questi dati solo per gestire la prenotazione; nelle statistiche non entra nulla che identifichi una persona.',
		en: 'We use these data only to handle this booking; nothing that identifies a person enters the statistics.'
	},
	'venue.cart': { it: 'Riepilogo', en: 'Summary' },
	'venue.cartEmpty': {
		it: 'Non hai ancora scelto nessun ingresso.',
		en: 'You have not chosen any admission yet.'
	},
	'venue.hold': { it: 'Blocca i posti', en: 'Hold the places' },
	'venue.holding': { it: 'Blocco i posti…', en: 'Holding the places…' },
	'venue.holdNote': {
		it: 'I posti restano tuoi per il tempo indicato nella pagina seguente, senza impegno.',
		en: 'The places stay yours for the time shown on the next page, without obligation.'
	},
	'venue.todo': { it: 'Per continuare', en: 'To continue' },
	'venue.todoDay': { it: 'scegli il giorno', en: 'choose the day' },
	'venue.todoSlot': { it: 'scegli l’orario', en: 'choose the time' },
	'venue.todoUnits': { it: 'aggiungi almeno una persona', en: 'add at least one person' },
	'venue.todoCompany': { it: 'aggiungi chi accompagna «{unit}»', en: 'add someone to accompany “{unit}”' },
	'venue.todoCompanions': {
		it: '«{unit}»: togli chi non accompagna nessuno',
		en: '“{unit}”: remove whoever accompanies nobody'
	},
	'venue.todoFewer': {
		it: 'togli qualche persona: i posti non bastano',
		en: 'remove someone: there are not enough places'
	},
	'venue.todoContact': { it: 'completa nome ed e-mail', en: 'complete name and e-mail' }
} as const;
