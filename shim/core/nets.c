/* SPDX-License-Identifier: MIT */
/* nets: which rule comes first at an address; see nets.h. */
#include "core/nets.h"

static void halves(const uint8_t *ip, uint64_t *ret_high, uint64_t *ret_low)
{
	*ret_high = *ret_low = 0;
	for (int i = 0; i < 8; i++) {
		*ret_high = *ret_high << 8 | ip[i];
		*ret_low = *ret_low << 8 | ip[8 + i];
	}
}

static bool same_net(const struct nets_claim *a, const struct nets_claim *b)
{
	return a->high == b->high && a->low == b->low && a->bits == b->bits;
}

/* Larger nets before those within them; of one net the rules in their order. */
static bool before(const struct nets_claim *a, const struct nets_claim *b)
{
	if (a->high != b->high)
		return a->high < b->high;
	if (a->low != b->low)
		return a->low < b->low;
	return a->bits != b->bits ? a->bits < b->bits : a->ports.order < b->ports.order;
}

static void merge(const struct nets_claim *from, uint32_t low, uint32_t middle,
		  uint32_t high, struct nets_claim *to)
{
	uint32_t i = low, j = middle;

	for (uint32_t k = low; k < high; k++)
		to[k] = i < middle && (j == high || !before(&from[j], &from[i]))
				? from[i++]
				: from[j++];
}

static struct nets_claim *sorted(struct nets_claim *uses, struct nets_claim *other,
				 uint32_t n)
{
	for (uint32_t width = 1; width < n; width *= 2) {
		struct nets_claim *was = uses;

		for (uint32_t low = 0; low < n; low += 2 * width) {
			uint32_t middle = low + width < n ? low + width : n;
			uint32_t high = low + 2 * width < n ? low + 2 * width : n;

			merge(uses, low, middle, high, other);
		}
		uses = other;
		other = was;
	}
	return uses;
}

static bool holds(const struct net *n, uint64_t high, uint64_t low)
{
	unsigned int bits = n->bits;
	uint64_t high_mask = bits >= 64 ? UINT64_MAX
			     : bits	? UINT64_MAX << (64 - bits)
					: 0;
	uint64_t low_mask = bits >= 128 ? UINT64_MAX
			    : bits > 64 ? UINT64_MAX << (128 - bits)
					: 0;

	return (high & high_mask) == n->high && (low & low_mask) == n->low;
}

static bool lay_net(struct nets *nets, const struct nets_claim *c, struct arena *arena,
		    struct arena *scratch)
{
	struct net *n = &nets->at[nets->n];
	uint32_t around = nets->n ? nets->n - 1 : PORTS_NONE;

	n->high = c->high;
	n->low = c->low;
	n->bits = c->bits;
	while (around != PORTS_NONE && !holds(&nets->at[around], n->high, n->low))
		around = nets->at[around].around;
	n->around = around;
	n->least = c->ports.order;
	if (around != PORTS_NONE && nets->at[around].least < n->least)
		n->least = nets->at[around].least;
	nets->n++;
	return ports_lay(&n->ports, &c->ports, arena, scratch);
}

void nets_claim(struct nets *nets, const struct addr *net, unsigned int bits,
		struct ports_claim ports)
{
	struct nets_claim *c = &nets->claims[nets->n_claims++];

	halves(net->ip, &c->high, &c->low);
	c->bits = (uint8_t)bits;
	c->ports = ports;
}

bool nets_lay(struct nets *nets, struct arena *arena, struct arena *scratch)
{
	struct nets_claim *other, *claims;

	if (!nets->n_claims)
		return true;
	other = arena_take(scratch, nets->n_claims * sizeof(*other));
	nets->at = arena_take(arena, nets->n_claims * sizeof(*nets->at));
	if (!other || !nets->at)
		return false;
	claims = sorted(nets->claims, other, nets->n_claims);
	for (uint32_t i = 0, j; i < nets->n_claims; i = j) {
		for (j = i + 1; j < nets->n_claims && same_net(&claims[i], &claims[j]);
		     j++)
			claims[j - 1].ports.next = &claims[j].ports;
		if (!lay_net(nets, &claims[i], arena, scratch))
			return false;
	}
	return true;
}

/* The last net that does not begin behind the address: it holds it, or one around it.
 */
static uint32_t last_before(const struct nets *nets, uint64_t high, uint64_t low)
{
	uint32_t from = 0, to = nets->n;

	while (from < to) {
		uint32_t middle = (from + to) / 2;
		const struct net *n = &nets->at[middle];

		if (n->high < high || (n->high == high && n->low <= low))
			from = middle + 1;
		else
			to = middle;
	}
	return from ? from - 1 : PORTS_NONE;
}

uint32_t nets_order(const struct nets *nets, const struct addr *to, uint32_t best)
{
	uint64_t high, low;
	uint32_t i;

	halves(to->ip, &high, &low);
	for (i = last_before(nets, high, low); i != PORTS_NONE;
	     i = nets->at[i].around) {
		const struct net *n = &nets->at[i];

		if (n->least >= best)
			break;
		if (holds(n, high, low))
			best = ports_order(&n->ports, to->port, best);
	}
	return best;
}
