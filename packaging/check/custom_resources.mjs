// usage: node custom_resources.mjs FILE.json...
// Checks ScaledObjects and ServiceMonitors against the schemas of KEDA and of the Prometheus operator. Each file holds one
// object. The schemas are functions in npm's @kubernetes-models packages, so this file has to be copied beside node_modules.
import { readFileSync } from "node:fs";

const models = {
  ScaledObject: "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject",
  ServiceMonitor: "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor",
};
for (const file of process.argv.slice(2)) {
  const object = JSON.parse(readFileSync(file, "utf8"));
  const module = await import(models[object.kind]);
  new module[object.kind](object).validate();
}
