// Where pictures stand between unlikely and likely. The film says where its chains are: see player.js.
const KEYS = { yours: "yours", chains: "the chains", noise: "noise" }

function outline(crowded) {
  const step = 1 / crowded.length
  const edges = crowded.map((width, i) => `L${0.04 + 0.96 * width} ${1 - i * step} L${0.04 + 0.96 * width} ${1 - (i + 1) * step}`)
  return `M0 1 ${edges.join(" ")} L0 0 Z`
}

function key(kind, text) {
  const [row, glyph] = [document.createElement("span"), document.createElement("i")]
  glyph.className = `${kind}-key`
  row.append(glyph, text)
  return row
}

export default function ({ data, parentElement }) {
  const find = (selector) => parentElement.querySelector(selector)
  const face = find(".face")
  const place = (mark, height, title) => {
    mark.hidden = height === null
    if (height === null) return
    mark.style.bottom = `${100 * height}%`
    mark.title = title
  }
  const chains = find(".chains")
  const legend = () => {
    const kinds = ["yours", "chains", "real", "noise"].filter((kind) =>
      kind === "real" || kind === "noise" || (kind === "yours" ? data.yours !== null : chains.childElementCount))
    find(".legend").replaceChildren(...kinds.map((kind) => key(kind, kind === "real" ? data.real : KEYS[kind])))
  }
  const follow = () => {
    const marks = window.rbmFilms?.get(data.film)?.marks ?? []
    const before = chains.childElementCount
    if (before !== marks.length) {
      chains.replaceChildren(...Array.from(marks, () => document.createElement("span")))
      if (!before !== !marks.length) legend()
    }
    ;[...chains.children].forEach((dot, i) => {
      dot.style.bottom = `${(100 * marks[i]) / 255}%`
      dot.style.left = `${2.35 + 0.9 * ((i * 0.618) % 1)}rem` // side by side, so that all can be seen
    })
    face.dataset.marks = Array.from(marks).join(" ")
  }

  parentElement.querySelector(".thermometer").style.setProperty("--side", `${data.side}px`)
  face.setAttribute("aria-label", data.alt)
  find(".real path").setAttribute("d", outline(data.crowded))
  place(find(".noise"), data.noise, data.titles.noise)
  place(find(".mark.yours"), data.yours, data.titles.yours)
  face.dataset.yours = String(data.yours)
  find("p").textContent = data.sentence
  legend()
  follow()
  const heard = (event) => { if (event.detail === data.film) follow() }
  parentElement.stopFollowing?.()
  window.addEventListener("rbm-frame", heard)
  parentElement.stopFollowing = () => window.removeEventListener("rbm-frame", heard)
  return () => parentElement.stopFollowing()
}
