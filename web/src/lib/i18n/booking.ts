// Words of the booking page: hold, payment, tickets, and every way a booking ends.
export const booking = {
	'booking.title': { it: 'La tua prenotazione', en: 'Your booking' },
	'booking.missing': { it: 'Manca la prenotazione', en: 'No booking given' },
	'booking.missingText': {
		it: 'L’indirizzo di questa pagina deve contenere il codice della prenotazione.',
		en: 'The address of this page must contain the booking code.'
	},
	'booking.heldTitle': { it: 'Posti bloccati', en: 'Places held' },
	'booking.holdLead': {
		it: 'I posti sono tuoi fino alla fine del conto alla rovescia.',
		en: 'The places are yours until the countdown ends.'
	},
	'booking.timeLeft': { it: 'Tempo rimasto', en: 'Time left' },
	'booking.minutesLeft': {
		it: 'Resta {n} minuto.|Restano {n} minuti.',
		en: '{n} minute left.|{n} minutes left.'
	},
	'booking.secondsLeft': { it: 'Restano {n} secondi.', en: '{n} seconds left.' },
	'booking.pay': { it: 'Paga {price}', en: 'Pay {price}' },
	'booking.opening': { it: 'Apro la pagina di pagamento…', en: 'Opening the payment page…' },
	'booking.payNote': {
		it: 'Paghi sulla pagina del gestore dei pagamenti, poi torni qui.',
		en: 'You pay on the payment provider’s page, then come back here.'
	},
	'booking.confirmFree': { it: 'Conferma (gratuito)', en: 'Confirm (free)' },
	'booking.confirming': { it: 'Confermo…', en: 'Confirming…' },
	'booking.cancel': { it: 'Annulla la prenotazione', en: 'Cancel the booking' },
	'booking.cancelAsk': {
		it: 'Annullare? I posti tornano subito disponibili per altri.',
		en: 'Cancel? The places go back to others at once.'
	},
	'booking.cancelRefund': {
		it: 'Annullare? I biglietti non varranno più e ti rimborsiamo {price}.',
		en: 'Cancel? The tickets will admit no more and we give you {price} back.'
	},
	'booking.cancelNoRefund': {
		it: 'Annullare? I biglietti non varranno più. Il termine per il rimborso è passato: non riceverai nulla.',
		en: 'Cancel? The tickets will admit no more. The term for a refund has passed: nothing goes back.'
	},
	'booking.cancelFree': {
		it: 'Annullare? I biglietti non varranno più e i posti tornano ad altri.',
		en: 'Cancel? The tickets will admit no more and the places go back to others.'
	},
	'booking.termsRefund': {
		it: 'Puoi annullare fino al {until}. Rimborso intero se annulli entro il {refund}.',
		en: 'You can cancel until {until}. All of the money goes back if you cancel by {refund}.'
	},
	'booking.termsNoRefund': {
		it: 'Puoi annullare fino al {until}, senza rimborso.',
		en: 'You can cancel until {until}; no money goes back.'
	},
	'booking.termsFree': { it: 'Puoi annullare fino al {until}.', en: 'You can cancel until {until}.' },
	'booking.cancelYes': { it: 'Sì, annulla', en: 'Yes, cancel' },
	'booking.cancelNo': { it: 'No, torna indietro', en: 'No, go back' },
	'booking.declined': { it: 'Il pagamento non è riuscito', en: 'The payment did not go through' },
	'booking.declinedText': {
		it: 'I posti restano tuoi per il tempo che rimane: puoi riprovare.',
		en: 'The places stay yours for the time left: you can try again.'
	},
	'booking.payingTitle': { it: 'Aspettiamo l’esito del pagamento', en: 'Waiting for the payment outcome' },
	'booking.payingText': {
		it: 'Il gestore dei pagamenti non ha ancora confermato. I posti restano bloccati: la pagina si aggiorna da sola, non pagare di nuovo.',
		en: 'The payment provider has not confirmed yet. The places stay held: this page updates itself, do not pay again.'
	},
	'booking.payingLong': {
		it: 'Ci vuole più del solito. Puoi chiudere la pagina e riaprirla più tardi con lo stesso indirizzo: se il pagamento è andato a buon fine troverai i biglietti, altrimenti non paghi nulla o ricevi il rimborso.',
		en: 'This is taking longer than usual. You may close the page and open it later at the same address: if the payment went through you will find the tickets, otherwise you pay nothing or are refunded.'
	},
	'booking.expiredTitle': { it: 'Il tempo è scaduto', en: 'The time has run out' },
	'booking.expiredText': {
		it: 'La prenotazione non è stata completata in tempo e i posti sono tornati disponibili. Puoi ricominciare: bastano pochi passi.',
		en: 'The booking was not completed in time and the places went back on sale. You can start again: it takes a few steps.'
	},
	'booking.cancelledTitle': { it: 'Prenotazione annullata', en: 'Booking cancelled' },
	'booking.cancelledText': {
		it: 'I posti sono tornati disponibili. I biglietti eventualmente emessi non valgono più.',
		en: 'The places went back on sale. Any tickets issued are no longer valid.'
	},
	'booking.again': { it: 'Prenota di nuovo in questo luogo', en: 'Book again at this venue' },
	'booking.confirmedTitle': { it: 'Tutto pronto: ecco i biglietti', en: 'All set: here are your tickets' },
	'booking.confirmedText': {
		it: 'Mostra il codice al varco, dal telefono o stampato. Conserva l’indirizzo di questa pagina: è la chiave dei tuoi biglietti.',
		en: 'Show the code at the gate, on your phone or printed. Keep the address of this page: it is the key to your tickets.'
	},
	'booking.redeemedTitle': { it: 'Buona visita', en: 'Enjoy your visit' },
	'booking.redeemedText': {
		it: 'I biglietti sono stati usati all’ingresso.',
		en: 'The tickets were used at the entrance.'
	},
	'booking.refundDue': { it: 'Il rimborso è stato disposto.', en: 'A refund has been ordered.' },
	'booking.refunded': { it: 'Il pagamento è stato rimborsato.', en: 'The payment was refunded.' },
	'booking.payAgain': { it: 'Torna alla pagina di pagamento', en: 'Back to the payment page' },
	'booking.payAgainText': {
		it: 'Hai lasciato la pagina senza pagare? È sempre lo stesso pagamento: non puoi pagare due volte.',
		en: 'Did you leave the page without paying? It is the same payment: you cannot pay twice.'
	},
	'booking.refundComes': { it: 'Ti verranno restituiti {price}.', en: '{price} goes back to you.' },
	'booking.refundMade': { it: 'Ti sono stati restituiti {price}.', en: '{price} was paid back to you.' },
	'booking.accountTitle': { it: 'Su quale conto?', en: 'To which account?' },
	'booking.accountHolder': { it: 'Intestatario del conto', en: 'Account holder' },
	'booking.iban': { it: 'IBAN', en: 'IBAN' },
	'booking.accountPrivacy': {
		it: 'Usiamo il conto solo per questo rimborso e lo cancelliamo quando è fatto, al più tardi dopo 60 giorni.',
		en: 'We use the account for this refund only and delete it once it is made, after 60 days at the latest.'
	},
	'booking.accountSend': { it: 'Invia il conto', en: 'Send the account' },
	'booking.summary': { it: 'Riepilogo', en: 'Summary' },
	'booking.venue': { it: 'Luogo', en: 'Venue' },
	'booking.when': { it: 'Quando', en: 'When' },
	'booking.entry': { it: 'ingresso {from}–{to}', en: 'entry {from}–{to}' },
	'ticket.passUsed': { it: '{n} ingresso fatto|{n} ingressi fatti', en: '{n} entry made|{n} entries made' },
	'booking.code': { it: 'Codice prenotazione', en: 'Booking code' },
	'booking.tickets': { it: 'Biglietti', en: 'Tickets' },
	'booking.pdf': { it: 'Scarica il PDF', en: 'Download the PDF' },
	'booking.calendar': { it: 'Metti in calendario', en: 'Add to calendar' },
	'booking.mailSent': {
		it: 'Abbiamo mandato i biglietti anche a {to}.',
		en: 'We sent the tickets to {to} too.'
	},
	'booking.mailWaits': {
		it: 'Mandiamo i biglietti anche a {to}.',
		en: 'We are sending the tickets to {to} too.'
	},
	'booking.print': { it: 'Stampa', en: 'Print' },
	'holders.title': { it: 'Nomi sui biglietti', en: 'Names on the tickets' },
	'holders.text': {
		it: 'All’ingresso si controlla il documento: scrivi nome e cognome di chi entra con ciascun biglietto.',
		en: 'A document is checked at the entrance: write the full name of who enters with each ticket.'
	},
	'holders.name': { it: 'Biglietto {n}, {unit}', en: 'Ticket {n}, {unit}' },
	'holders.save': { it: 'Salva i nomi', en: 'Save the names' },
	'holders.saved': { it: 'Nomi salvati.', en: 'Names saved.' },
	'holders.left': {
		it: 'I nomi si cambiano ancora {n} volta.|I nomi si cambiano ancora {n} volte.',
		en: 'The names can be changed {n} more time.|The names can be changed {n} more times.'
	},
	'holders.until': { it: 'Fino a: {when}.', en: 'Until: {when}.' },
	'holders.stand': { it: 'I nomi non si cambiano più.', en: 'The names can no longer be changed.' },
	'person.title': { it: 'I tuoi dati', en: 'Your data' },
	'person.text': {
		it: 'Nome e recapiti servono solo a scriverti e si cancellano da soli 30 giorni dopo la visita. Puoi averne una copia o farli cancellare ora: i biglietti restano validi.',
		en: 'Your name and contacts are only for writing to you and are deleted 30 days after the visit. You can have a copy or have them deleted now: the tickets stay valid.'
	},
	'person.copy': { it: 'Scarica una copia', en: 'Download a copy' },
	'person.forget': { it: 'Cancella nome e recapiti', en: 'Delete name and contacts' },
	'person.forgotten': {
		it: 'Fatto: nome e recapiti sono cancellati.',
		en: 'Done: name and contacts are deleted.'
	},
	'ticket.title': { it: 'Biglietto {n} di {all}', en: 'Ticket {n} of {all}' },
	'ticket.apple': { it: 'Aggiungi ad Apple Wallet', en: 'Add to Apple Wallet' },
	'ticket.google': { it: 'Aggiungi a Google Wallet', en: 'Add to Google Wallet' },
	'ticket.qr': { it: 'Codice QR del biglietto {code}', en: 'QR code of ticket {code}' },
	'ticket.reissue': { it: 'Perso, o visto da altri?', en: 'Lost, or seen by others?' },
	'ticket.reissueAsk': {
		it: 'Emettere un nuovo biglietto? Il codice di prima smette subito di valere, anche stampato o nella mail.',
		en: 'Issue a new ticket? The code before stops working at once, in print and in the mail too.'
	},
	'ticket.reissueYes': { it: 'Sì, nuovo biglietto', en: 'Yes, a new ticket' },
	'ticket.typed': { it: 'Codice da digitare', en: 'Code to type' },
	'ticket.VALID': { it: 'Valido', en: 'Valid' },
	'ticket.REDEEMED': { it: 'Usato', en: 'Used' },
	'ticket.REVOKED': { it: 'Non più valido', en: 'No longer valid' },
	'ticket.redeemedAt': { it: 'Ingresso: {when}', en: 'Admitted: {when}' }
} as const;
