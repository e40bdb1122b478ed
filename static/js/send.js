/* `data-send`: a form that sends itself. */
document.querySelector("form[data-send]")?.requestSubmit();
