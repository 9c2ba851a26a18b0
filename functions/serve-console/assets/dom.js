// Made of nodes and text: nothing of an answer becomes markup.

const SVG = ['svg', 'rect', 'pattern', 'path'];
const isThere = (value) => ![null, undefined, false].includes(value);

/** From `tag.class`, attributes and listeners, if any, and children. */
export function h(name, ...children) {
	const [tag, ...classes] = name.split('.').filter(Boolean);
	const element = SVG.includes(tag)
		? document.createElementNS('http://www.w3.org/2000/svg', tag)
		: document.createElement(tag);
	if (classes.length > 0) element.setAttribute('class', classes.join(' '));
	const attributes = children[0]?.constructor === Object ? children.shift() : {};
	for (const [key, value] of Object.entries(attributes)) {
		if (typeof value === 'function') element.addEventListener(key, value);
		else if (key === 'value' || key === 'checked') element[key] = value;
		else if (isThere(value)) element.setAttribute(key, value === true ? '' : value);
	}
	fill(element, children);
	return element;
}

export const fill = (element, ...children) => element.replaceChildren(...children.flat(9).filter(isThere));

let made = 0;

export const newId = () => `e${(made += 1)}`;
