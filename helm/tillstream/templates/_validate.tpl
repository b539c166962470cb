{{/* Contradictions that a schema cannot see. Every one tells what to change. */}}
{{- define "tillstream.validate" -}}
{{- $values := .Values -}}
{{- $settings := include "tillstream.settings" . | fromJson -}}
{{- $found := include "tillstream.problemsOfSettings" . | fromJsonArray -}}

{{- range $name, $_ := $values.deliverTo -}}
{{- if not (hasKey $settings.connections $name) -}}
{{- $found = append $found (printf "deliverTo.%s: there is no connection '%s' in settings.connections" $name $name) -}}
{{- end -}}
{{- end -}}

{{- with $values.expose -}}
{{- if and (or .ingress.enabled .httpRoute.enabled) (not .host) -}}
{{- $found = append $found "expose.host: name the host that webhooks are sent to" -}}
{{- end -}}
{{- if and .ingress.enabled (not .ingress.tlsSecretName) (not .allowHttp) -}}
{{- $found = append $found "expose.ingress.tlsSecretName: webhooks carry customers' data and need https; name the certificate's Secret, or set expose.allowHttp where TLS ends before the cluster" -}}
{{- end -}}
{{- if and .httpRoute.enabled (not .httpRoute.gateway.name) -}}
{{- $found = append $found "expose.httpRoute.gateway.name: name the Gateway" -}}
{{- end -}}
{{- if and .httpRoute.enabled (not .httpRoute.gateway.sectionName) (not .allowHttp) -}}
{{- $found = append $found "expose.httpRoute.gateway.sectionName: name the Gateway's HTTPS listener, or set expose.allowHttp where TLS ends before the cluster" -}}
{{- end -}}
{{- if and (hasPrefix "http:" (default "" $settings.ingress.public_url)) (not .allowHttp) -}}
{{- $found = append $found "settings.ingress.public_url: it begins with http:, and webhooks need https; or set expose.allowHttp" -}}
{{- end -}}
{{- end -}}

{{- range $name, $scaling := pick $values.autoscaling "ingress" "workers" -}}
{{- if and $scaling.enabled (gt (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- $found = append $found (printf "autoscaling.%s: minReplicas %d is more than maxReplicas %d" $name (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- if and $values.autoscaling.workers.enabled (not $values.autoscaling.workers.prometheus.serverAddress) -}}
{{- $found = append $found "autoscaling.workers.prometheus.serverAddress: KEDA reads there whether a system is down; without it workers would be added against a system that cannot answer" -}}
{{- end -}}
{{- if and $values.autoscaling.ingress.enabled (not (dig "requests" "cpu" "" $values.roles.ingress.resources)) -}}
{{- $found = append $found "autoscaling.ingress: it goes by CPU and needs roles.ingress.resources.requests.cpu" -}}
{{- end -}}

{{- if and $values.monitoring.podMonitor.enabled $values.monitoring.serviceMonitor.enabled -}}
{{- $found = append $found "monitoring: podMonitor and serviceMonitor are both enabled, and every pod would be scraped twice; disable one" -}}
{{- end -}}
{{- if and $values.monitoring.rules.enabled (not $values.monitoring.rules.runbookBase) -}}
{{- $found = append $found "monitoring.rules.runbookBase: say where your people read helm/RUNBOOK.md; each alert links to its section there" -}}
{{- end -}}

{{- range include "tillstream.components" . | fromJsonArray -}}
{{- $name := printf "%s-%s" (include "tillstream.fullname" $) . -}}
{{- if gt (len $name) 52 -}}
{{- $found = append $found (printf "the name %s is longer than 52 characters, which a StatefulSet's pods do not bear; choose a shorter release name, fullnameOverride or connection" $name) -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := $values.checks -}}
{{- if gt (len (printf "%s-%s" (include "tillstream.fullname" $) $name)) 52 -}}
{{- $found = append $found (printf "checks.%s: with the release's name it is longer than the 52 characters of a CronJob" $name) -}}
{{- end -}}
{{- end -}}

{{- if $found -}}
{{- fail (printf "\n\nThese values do not fit together:\n  - %s\n" (join "\n  - " $found)) -}}
{{- end -}}
{{- end -}}
