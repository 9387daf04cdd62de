// Words of the gate page, including what staff should do about each refusal.
export const gate = {
	'gate.title': { it: 'Varco', en: 'Gate' },
	'gate.lead': {
		it: 'Inquadra il QR o digita il codice del biglietto.',
		en: 'Scan the QR or type the ticket code.'
	},
	'gate.venue': { it: 'Luogo', en: 'Venue' },
	'gate.chooseVenue': { it: 'Scegli il luogo', en: 'Choose the venue' },
	'gate.camera': { it: 'Fotocamera', en: 'Camera' },
	'gate.start': { it: 'Avvia la fotocamera', en: 'Start the camera' },
	'gate.stop': { it: 'Ferma la fotocamera', en: 'Stop the camera' },
	'gate.aim': { it: 'Tieni il codice dentro il riquadro.', en: 'Keep the code inside the frame.' },
	'gate.noCamera': {
		it: 'La fotocamera non si è avviata. Digita il codice scritto sotto il QR.',
		en: 'The camera did not start. Type the code written under the QR.'
	},
	'gate.noCameraSecure': {
		it: 'Il browser concede la fotocamera solo su https o localhost. Digita il codice scritto sotto il QR.',
		en: 'The browser grants the camera only over https or localhost. Type the code written under the QR.'
	},
	'gate.code': { it: 'Codice del biglietto', en: 'Ticket code' },
	'gate.codeHint': {
		it: 'Maiuscole, spazi e trattini non contano.',
		en: 'Case, spaces and dashes do not matter.'
	},
	'gate.submit': { it: 'Verifica', en: 'Check' },
	'gate.checking': { it: 'Verifico…', en: 'Checking…' },
	'gate.ready': { it: 'Pronto per il prossimo biglietto', en: 'Ready for the next ticket' },
	'gate.admitted': { it: 'ENTRA', en: 'ADMITTED' },
	'gate.refused': { it: 'NON ENTRA', en: 'REFUSED' },
	'gate.unknown': { it: 'NESSUNA RISPOSTA', en: 'NO ANSWER' },
	'gate.slot': { it: 'Orario {from}–{to}', en: 'Time {from}–{to}' },
	'gate.show': { it: 'Chiedi: {what}', en: 'Ask for: {what}' },
	'gate.toDo': { it: 'Che cosa fare', en: 'What to do' },
	'gate.usedAt': { it: 'Usato {when}, varco {gate}.', en: 'Used {when}, gate {gate}.' },
	'gate.window': { it: 'Vale da {from} a {until}.', en: 'Valid from {from} to {until}.' },
	'gate.direction': { it: 'Direzione', en: 'Direction' },
	'gate.in': { it: 'Entrata', en: 'In' },
	'gate.out': { it: 'Uscita', en: 'Out' },
	'gate.area': { it: 'Area dietro il varco', en: 'Area behind the gate' },
	'gate.people': { it: '{n} persona|{n} persone', en: '{n} person|{n} people' },
	'gate.party': {
		it: '{n} altra persona di questa prenotazione|{n} altre persone di questa prenotazione',
		en: '{n} more of this booking|{n} more of this booking'
	},
	'gate.partyAll': { it: 'Fai entrare tutti', en: 'Admit all' },
	'gate.partyAllOut': { it: 'Fai uscire tutti', en: 'Let all out' },
	'gate.partyChoose': { it: 'Scegli quanti', en: 'Choose how many' },
	'gate.partyCame': { it: 'Venuti {came} di {booked}', en: '{came} of {booked} came' },
	'gate.partySend': { it: 'Fai entrare {n}', en: 'Admit {n}' },
	'gate.partySendOut': { it: 'Fai uscire {n}', en: 'Let {n} out' },
	'gate.do.party-too-few': {
		it: 'Ne possono passare meno: scegli di nuovo quanti. Chi manca mostra un altro biglietto.',
		en: 'Fewer may pass: choose again how many. The others show another ticket.'
	},
	'gate.do.party-scattered': {
		it: 'Fai uscire le persone di ogni area per conto loro.',
		en: 'Let the people of each area out by themselves.'
	},
	'gate.left': { it: 'USCITO', en: 'OUT' },
	'gate.leftAt': { it: 'Uscito {when}, varco {gate}.', en: 'Went out {when}, gate {gate}.' },
	'gate.opens': { it: 'Il biglietto apre: {areas}.', en: 'The ticket opens: {areas}.' },
	'gate.full': { it: 'Attendere: {inside} dentro su {limit}.', en: 'Wait: {inside} inside of {limit}.' },
	'gate.overLimit': { it: 'Fai entrare lo stesso', en: 'Let in all the same' },
	'gate.overLimitWhy': { it: 'Perché', en: 'Why' },
	'gate.overLimitHint': {
		it: 'Resta agli atti con l’ora e il varco; senza nomi di visitatori.',
		en: 'Goes on record with the hour and the gate; name no visitor.'
	},
	'gate.overLimitSend': { it: 'Fai entrare', en: 'Let in' },
	'presence.title': { it: 'Persone presenti', en: 'People present' },
	'presence.venue': { it: 'Tutto il luogo', en: 'The whole venue' },
	'presence.of': { it: '{inside} su {limit}', en: '{inside} of {limit}' },
	'presence.byGates': { it: 'contate ai varchi', en: 'counted by the gates' },
	'presence.byCounters': { it: 'contate dai contapersone', en: 'counted by the people counters' },
	'presence.counters': { it: 'Secondo i contapersone', en: 'By the people counters' },
	'presence.countersNote': {
		it: 'Entrati meno usciti oggi, secondo i contapersone alle porte.',
		en: 'In less out today, by the counters at the doors.'
	},
	'presence.overLimit': {
		it: '{n} ingresso oltre il limite|{n} ingressi oltre il limite',
		en: '{n} entry over the limit|{n} entries over the limit'
	},
	'gate.admittedCount': { it: 'entrati', en: 'admitted' },
	'gate.refusedCount': { it: 'respinti', en: 'refused' },
	'gate.counterNote': {
		it: 'Conteggio di questo dispositivo dall’apertura della pagina.',
		en: 'Count on this device since the page was opened.'
	},
	'gate.last': { it: 'Ultime letture', en: 'Latest scans' },
	'gate.none': { it: 'Ancora nessuna lettura.', en: 'No scans yet.' },
	'gate.sound': { it: 'Suono e vibrazione', en: 'Sound and vibration' },
	'gate.leave': { it: 'Esci', en: 'Sign out' },
	'gate.network': {
		it: 'Il server non ha risposto: non si sa se il biglietto è già stato registrato.',
		en: 'The server did not answer: it is not known whether the ticket was already recorded.'
	},
	'gate.networkDo': {
		it: 'Premi «Riprova»: la stessa lettura non viene mai contata due volte.',
		en: 'Press “Try again”: the same scan is never counted twice.'
	},
	'gate.do.ticket-already-redeemed': {
		it: 'Il biglietto è già servito. Confronta l’ora: se è di poco fa, può essere la stessa persona che rientra; decide il responsabile.',
		en: 'The ticket has been used. Compare the time: if it was moments ago it may be the same person coming back; the supervisor decides.'
	},
	'gate.do.ticket-forged': {
		it: 'Non è un biglietto emesso da noi. Non far entrare e chiama il responsabile.',
		en: 'We did not issue this ticket. Do not admit, and call the supervisor.'
	},
	'gate.do.ticket-unreadable': {
		it: 'Il codice non si legge. Alza la luminosità dello schermo, oppure digita il codice scritto sotto il QR.',
		en: 'The code cannot be read. Raise the screen brightness, or type the code written under the QR.'
	},
	'gate.do.ticket-unknown': {
		it: 'Controlla il codice carattere per carattere: nessun biglietto ha questo codice.',
		en: 'Check the code character by character: no ticket has this code.'
	},
	'gate.do.ticket-other-venue': {
		it: 'Il biglietto vale in un altro luogo. Indica al visitatore l’indirizzo scritto sul biglietto.',
		en: 'The ticket is for another venue. Show the visitor the address on the ticket.'
	},
	'gate.do.ticket-too-early': {
		it: 'È presto: invita a tornare all’orario scritto sul biglietto.',
		en: 'It is early: ask the visitor to come back at the time on the ticket.'
	},
	'gate.do.ticket-too-late': {
		it: 'L’orario è passato: manda alla biglietteria per vedere se c’è posto adesso.',
		en: 'The time has passed: send the visitor to the ticket office to see whether there is a place now.'
	},
	'gate.do.ticket-revoked': {
		it: 'Il biglietto è stato annullato o rimborsato. Manda alla biglietteria.',
		en: 'The ticket was cancelled or refunded. Send the visitor to the ticket office.'
	},
	'gate.do.ticket-replaced': {
		it: 'È il biglietto di prima: chiedi quello nuovo, nella pagina della prenotazione.',
		en: 'This is the old ticket: ask for the new one, on the page of the booking.'
	},
	'gate.do.ticket-no-reentry': {
		it: 'Il visitatore è uscito e il biglietto vale una volta sola. Manda alla biglietteria.',
		en: 'The visitor went out, and the ticket admits once. Send them to the ticket office.'
	},
	'gate.do.ticket-not-inside': {
		it: 'Nessuno è entrato con questo biglietto: lascia uscire. Per farlo entrare, scegli «Entrata».',
		en: 'Nobody entered with this ticket: let the visitor out. To let them in, choose “In”.'
	},
	'gate.do.ticket-already-out': {
		it: 'L’uscita è già registrata: lascia uscire.',
		en: 'The exit is recorded already: let the visitor out.'
	},
	'gate.pass': { it: 'Tessera, vale fino a {until}', en: 'Pass, admits until {until}' },
	'gate.do.pass-spent': {
		it: 'Vendi un biglietto, o indica dove la tessera vale ancora.',
		en: 'Sell a ticket, or show where the pass still admits.'
	},
	'gate.do.pass-other-venue': {
		it: 'Di’ al visitatore quali luoghi apre la tessera.',
		en: 'Tell the visitor which venues the pass opens.'
	},
	'gate.do.pass-needs-line': {
		it: 'Accompagna il visitatore a un varco o alla biglietteria in linea, o riprova quando torna la linea.',
		en: 'Take the visitor to a gate or desk whose line is up, or try again when it is back.'
	},
	'gate.do.ticket-other-area': {
		it: 'Indica al visitatore un’area che il suo biglietto apre.',
		en: 'Show the visitor the way to an area that the ticket opens.'
	},
	'gate.do.place-full': {
		it: 'Chiedi di attendere che qualcuno esca. Il responsabile può far entrare lo stesso, e scrive perché.',
		en: 'Ask the visitor to wait until somebody goes out. The supervisor may let in all the same, and writes why.'
	},
	'gate.do.gate-other-area': {
		it: 'L’area si sceglie all’avvio del varco: qui lascia «Tutto il luogo».',
		en: 'The area is chosen when the gate is started: leave “The whole venue” here.'
	},
	'gate.do.unknown-area': {
		it: 'Il luogo non ha più quest’area: scegline un’altra.',
		en: 'The venue no longer has this area: choose another.'
	},
	'gate.do.other': {
		it: 'Non far entrare. Se si ripete, chiama il responsabile.',
		en: 'Do not admit. If it happens again, call the supervisor.'
	},
	'gate.undone': { it: 'INGRESSO ANNULLATO', en: 'ENTRY TAKEN BACK' },
	'gate.undoneText': {
		it: 'Il biglietto vale di nuovo: puoi leggerlo ancora.',
		en: 'The ticket is valid again: it can be scanned once more.'
	},
	'gate.undo': { it: 'Non è passato: annulla l’ingresso', en: 'Did not pass: take the entry back' },
	'gate.undoWhy': { it: 'Perché', en: 'Why' },
	'gate.undoTurnstile': { it: 'Il tornello non ha girato', en: 'The turnstile did not turn' },
	'gate.undoTurned': { it: 'Il visitatore è tornato indietro', en: 'The visitor turned back' },
	'gate.undoWrong': { it: 'Letto il biglietto sbagliato', en: 'The wrong ticket was scanned' },
	'gate.undoSend': { it: 'Annulla l’ingresso', en: 'Take the entry back' },
	'gate.online': { it: 'In linea', en: 'Online' },
	'gate.offline': { it: 'Senza linea dalle {when}', en: 'Offline since {when}' },
	'gate.offlineText': {
		it: 'Il varco decide da solo e invia tutto quando la linea torna.',
		en: 'The gate decides by itself and sends everything in when the line is back.'
	},
	'gate.queued': { it: '{n} ingresso da inviare|{n} ingressi da inviare', en: '{n} entry to send in|{n} entries to send in' },
	'gate.neighbours': { it: 'Gli altri varchi sanno dei biglietti usati', en: 'The other gates know of used tickets' },
	'gate.noNeighbours': {
		it: 'Gli altri varchi non si sentono: un biglietto potrebbe entrare due volte',
		en: 'The other gates are not heard: a ticket could enter twice'
	},
	'gate.bundle': { it: '{n} biglietti del {day}, alle {when}', en: '{n} tickets of {day}, as of {when}' },
	'gate.noBundle': { it: 'Il varco non conosce ancora nessun biglietto', en: 'The gate knows no ticket yet' },
	'gate.otherRules': {
		it: 'Il varco decide con regole diverse dal server: va aggiornato',
		en: 'The gate decides by other rules than the server: update it'
	},
	'gate.stopped': {
		it: 'Il programma del varco non risponde: riavvialo.',
		en: 'The program of the gate does not answer: start it again.'
	},
	'gate.do.entry-other-gate': {
		it: 'Annulla al varco che ha fatto entrare.',
		en: 'Take it back at the gate that let in.'
	},
	'conflicts.title': { it: 'Entrati due volte', en: 'Entered twice' },
	'conflicts.lead': {
		it: 'Biglietti che due varchi senza linea hanno fatto entrare entrambi. Resta valido il primo ingresso arrivato al server; per ognuno scrivi che cosa è successo.',
		en: 'Tickets that two gates without a line both let in. The entry that reached the server first stands; for each, write what happened.'
	},
	'conflicts.none': { it: 'Nessun biglietto è entrato due volte.', en: 'No ticket has entered twice.' },
	'conflicts.open': { it: 'Da chiarire', en: 'To be looked into' },
	'conflicts.closed': { it: 'Chiariti', en: 'Closed' },
	'conflicts.entry': { it: '{when}, varco {gate}', en: '{when}, gate {gate}' },
	'conflicts.stands': { it: 'vale', en: 'stands' },
	'conflicts.second': { it: 'in più', en: 'extra' },
	'conflicts.note': { it: 'Che cosa è successo', en: 'What happened' },
	'conflicts.noteHint': {
		it: 'Al massimo 500 caratteri, senza nomi di visitatori.',
		en: 'At most 500 characters, naming no visitor.'
	},
	'conflicts.close': { it: 'Chiudi', en: 'Close' },
	'conflicts.closedAt': { it: 'Chiuso {when}', en: 'Closed {when}' },
	'staff.title': { it: 'Serve una chiave di accesso', en: 'An access key is needed' },
	'staff.gateText': {
		it: 'Questa pagina è per il personale del varco. Apri il collegamento ricevuto, oppure incolla qui la chiave (ruolo «gate» o «desk»).',
		en: 'This page is for gate staff. Open the link you were given, or paste the key here (role “gate” or “desk”).'
	},
	'staff.managerText': {
		it: 'Questa pagina è per chi dirige un luogo. Apri il collegamento ricevuto, oppure incolla qui la chiave (ruolo «manager» o «admin»).',
		en: 'This page is for venue managers. Open the link you were given, or paste the key here (role “manager” or “admin”).'
	},
	'staff.token': { it: 'Chiave di accesso', en: 'Access key' },
	'staff.enter': { it: 'Entra', en: 'Enter' },
	'staff.kept': {
		it: 'La chiave resta solo in questa scheda del browser e sparisce quando la chiudi.',
		en: 'The key stays in this browser tab only and is gone when you close it.'
	},
	'staff.empty': { it: 'Incolla la chiave.', en: 'Paste the key.' },
	'staff.refused': {
		it: 'La chiave non è stata accettata. Incollane un’altra.',
		en: 'The key was not accepted. Paste another one.'
	}
} as const;
