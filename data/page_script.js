'use strict';
// Only what is a comfort: sorting, finding, copying. Without it the page says the same.
for (const table of document.querySelectorAll('table.sorted')) {
	const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
	const value = (row, i) => row.cells[i].dataset.n ?? row.cells[i].textContent;
	heads.forEach((head, i) => {
		const button = document.createElement('button');
		button.type = 'button';
		button.append(...head.childNodes);
		head.append(button);
		button.addEventListener('click', () => {
			const down = head.getAttribute('aria-sort') === 'ascending';
			heads.forEach(other => other.removeAttribute('aria-sort'));
			head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
			const rows = [...body.rows].sort((a, b) => value(a, i).localeCompare(value(b, i), 'en', {numeric: true}));
			body.append(...(down ? rows.reverse() : rows));
		});
	});
}
for (const table of document.querySelectorAll('table.found')) {
	const tools = document.createElement('div'), label = document.createElement('label'), input = document.createElement('input');
	const count = document.createElement('span'), copy = document.createElement('button');
	tools.className = 'tools';
	input.type = 'search';
	label.append('Only rows with ', input);
	count.setAttribute('role', 'status');
	copy.type = 'button';
	copy.textContent = 'Copy their targets';
	tools.append(label, copy, count);
	table.parentElement.before(tools);
	const shown = () => [...table.tBodies[0].rows].filter(row => !row.hidden);
	input.addEventListener('input', () => {
		const words = input.value.toLowerCase();
		for (const row of table.tBodies[0].rows)
			row.hidden = !row.textContent.toLowerCase().includes(words);
		count.textContent = `${shown().length} rows`;
	});
	copy.addEventListener('click', () => navigator.clipboard.writeText(shown().map(row => row.cells[0].textContent).join('\n')).then(
		() => { count.textContent = `${shown().length} copied`; }, () => { count.textContent = 'The browser does not allow copying here.'; }));
}
addEventListener('beforeprint', () => document.querySelectorAll('details').forEach(d => { d.open = true; }));
