// What somebody has written and not sent, in this tab's storage. The page says whose drafts may be in it: the beginning
// of their names, "generation.person." or, where nobody is signed in, "generation."; langai_site/accounts/drafts.py.
(() => {
  const DRAFT = "draft:";
  // Under this name tabs of this browser tell one another whom their page is for.
  const OWNER = "drafts-of";
  const owner = document.body.dataset.drafts;
  let isOver = false;

  // Whoever is signed out may be either's person, or will be asked who they are.
  const isSame = (other) => owner.startsWith(other) || other.startsWith(owner);

  function forgetAllBut(kept) {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(DRAFT) && !name.startsWith(DRAFT + kept)) sessionStorage.removeItem(name);
    }
  }

  // Somebody signed out, or another person signed in: this page is not for those who sit here now.
  function leave(now) {
    if (isOver) return;
    isOver = true;
    forgetAllBut(now);
    const field = document.querySelector("#composer [name=text]");
    if (field) field.value = "";
    location.reload();
  }

  addEventListener("storage", ({ key, newValue }) => {
    if (key === OWNER && newValue !== null && !isSame(newValue)) leave(newValue);
  });
  // A page that the browser had put aside missed what was told meanwhile.
  addEventListener("pageshow", ({ persisted }) => {
    const now = localStorage.getItem(OWNER);
    if (persisted && now !== null && !isSame(now)) leave(now);
  });
  forgetAllBut(owner);
  localStorage.setItem(OWNER, owner);

  globalThis.drafts = {
    read: (place) => sessionStorage.getItem(DRAFT + owner + place) ?? "",
    drop: (place) => sessionStorage.removeItem(DRAFT + owner + place),
    keep(place, text) {
      if (!isOver) sessionStorage.setItem(DRAFT + owner + place, text);
    },
  };
})();
