// A table of buttons. It is built anew only where its shape changes, so that a refresh takes nobody's focus away.
const make = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more })

function build(table, data) {
  const [rowTitle, columnTitle] = data.titles
  const head = table.querySelector("thead")
  const body = table.querySelector("tbody")
  head.replaceChildren()
  if (columnTitle) {
    const top = make("tr", "")
    top.append(make("td", ""), make("th", columnTitle, { className: "title", colSpan: data.columns.length }))
    head.append(top)
  }
  const names = make("tr", "")
  names.append(make("th", rowTitle, { className: "title", scope: "col" }))
  names.append(...data.columns.map((name) => make("th", name, { scope: "col" })))
  head.append(names)
  body.replaceChildren(
    ...data.rows.map((name) => {
      const row = make("tr", "")
      row.append(make("th", name, { scope: "row" }))
      for (const _ of data.columns) {
        const cell = make("td", "")
        cell.append(make("button", "", { type: "button" }))
        row.append(cell)
      }
      return row
    }),
  )
}

export default function ({ data, parentElement, setTriggerValue }) {
  const table = parentElement.querySelector("table")
  const shape = JSON.stringify([data.rows, data.columns, data.titles])
  if (table.dataset.shape !== shape) {
    build(table, data)
    table.dataset.shape = shape
  }
  const cells = data.cells.flat()
  table.querySelectorAll("button").forEach((button, number) => {
    const cell = cells[number]
    button.textContent = cell.text
    button.disabled = !cell.id
    button.style.background = cell.paper
    button.style.color = cell.ink
    button.setAttribute("aria-label", cell.said)
    button.setAttribute("aria-pressed", String(Boolean(cell.id) && cell.id === data.chosen))
    button.onclick = () => setTriggerValue("opened", cell.id)
  })
}
