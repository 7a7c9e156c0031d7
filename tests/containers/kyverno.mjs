// SPDX-License-Identifier: MIT
// kyverno.mjs POLICY POD: holds the policy against Kyverno's own schema, and prints a kustomization
// that merges into the pod what the policy's rules say of it. Kyverno merges as Kustomize does, by
// the same code; which rules hold, and what stands in {{ }}, is JMESPath.
import fs from "fs";
import path from "path";
import jmespath from "jmespath";
import yaml from "yaml";
import { ClusterPolicy } from "@kubernetes-models/kyverno/kyverno.io/v1";

const read = (name) => yaml.parse(fs.readFileSync(name, "utf8"));
const policy = read(process.argv[2]), pod = read(process.argv[3]);
try {
	new ClusterPolicy(policy).validate();
} catch (error) {
	console.error(`${policy.metadata.name}: ${error.message}`);
	process.exit(1);
}

// A whole {{ }} keeps its type, as Kyverno has it; the keys of anchors lose their brackets.
function filled(value, world) {
	if (Array.isArray(value))
		return value.map((one) => filled(one, world));
	if (value && typeof value === "object")
		return Object.fromEntries(Object.entries(value).map(([key, one]) =>
			[key.replace(/^\((.*)\)$/, "$1"), filled(one, world)]));
	const whole = typeof value === "string" && /^\{\{(.*)\}\}$/s.exec(value);
	return whole ? jmespath.search(world, whole[1].trim()) : value;
}

const operators = {
	AnyNotIn: (key, list) => [key].flat().some((one) => !list.includes(one)),
};

function holds(conditions, world) {
	return (conditions?.all ?? []).every((one) =>
		operators[one.operator](filled(one.key, world), filled(one.value, world)));
}

function matches(rule) {
	return rule.match.any.some(({ resources: { kinds, selector } }) => kinds.includes(pod.kind) &&
		Object.entries(selector.matchLabels).every(([key, value]) =>
			pod.metadata.labels?.[key] === value));
}

const patches = [], whole = { request: { object: pod } };
for (const { mutate } of policy.spec.rules.filter(matches)) {
	if (mutate.patchStrategicMerge)
		patches.push(filled(mutate.patchStrategicMerge, whole));
	for (const each of mutate.foreach ?? [])
		for (const element of jmespath.search(whole, each.list))
			if (holds(each.preconditions, { ...whole, element }))
				patches.push(filled(each.patchStrategicMerge, { ...whole, element }));
}
const head = { apiVersion: pod.apiVersion, kind: pod.kind, metadata: { name: pod.metadata.name } };
console.log(JSON.stringify({
	apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization",
	resources: [path.basename(process.argv[3])],
	patches: patches.map((one) => ({ patch: JSON.stringify({ ...head, ...one }) })),
}, null, 1));
