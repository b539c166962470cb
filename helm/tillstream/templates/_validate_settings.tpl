{{/* What contradicts itself in the settings and their secrets: a list as JSON. */}}
{{- define "tillstream.problemsOfSettings" -}}
{{- $values := .Values -}}
{{- $settings := include "tillstream.settings" . | fromJson -}}
{{- $found := list -}}

{{- range $name, $entry := $values.secrets -}}
{{- if eq (empty $entry.existingSecret) (empty $entry.externalSecret) -}}
{{- $found = append $found (printf "secrets.%s: give either existingSecret or externalSecret" $name) -}}
{{- end -}}
{{- end -}}
{{- range regexFindAll "/run/secrets/[^/\"]+/[^\"]+" (toJson $values.settings) -1 | uniq -}}
{{- $name := regexFind "^[^/]+" (trimPrefix "/run/secrets/" .) -}}
{{- $key := trimPrefix (printf "/run/secrets/%s/" $name) . -}}
{{- $entry := default dict (index $values.secrets $name) -}}
{{- if not $entry -}}
{{- $found = append $found (printf "settings: a setting reads /run/secrets/%s, but secrets.%s is missing; add it with existingSecret or externalSecret" $name $name) -}}
{{- else if and $entry.externalSecret (not (hasKey $entry.externalSecret.data $key)) -}}
{{- $found = append $found (printf "settings: a setting reads /run/secrets/%s/%s, but secrets.%s.externalSecret.data has no %s" $name $key $name $key) -}}
{{- end -}}
{{- end -}}

{{- $flows := include "tillstream.builtInFlows" . | splitList " " -}}
{{- range $file, $text := $values.flowDocuments -}}
{{- $document := fromYaml $text -}}
{{- if eq (default "" $document.kind) "flow" -}}{{- $flows = append $flows $document.id -}}{{- end -}}
{{- end -}}
{{- range $name, $_ := $settings.flows -}}
{{- if not (has $name $flows) -}}
{{- $found = append $found (printf "settings.flows.%s: there is no flow '%s'; there are %s" $name $name (join ", " (sortAlpha $flows))) -}}
{{- end -}}
{{- end -}}

{{- with $settings.kafka -}}
{{- if and (hasPrefix "SASL" (default "" .security_protocol)) (not (and .sasl_username .sasl_password)) -}}
{{- $found = append $found (printf "settings.kafka: security_protocol %s needs sasl_username, and sasl_password as file:/run/secrets/NAME/KEY" .security_protocol) -}}
{{- end -}}
{{- end -}}

{{- range $name, $channel := $settings.channels -}}
{{- range $side, $system := dict "web" "magento" "pos" "heartland" -}}
{{- $connection := index $settings.connections (index $channel $side) -}}
{{- if not $connection -}}
{{- $found = append $found (printf "settings.channels.%s.%s: there is no connection '%s' in settings.connections" $name $side (index $channel $side)) -}}
{{- else if ne $connection.system $system -}}
{{- $found = append $found (printf "settings.channels.%s.%s: connection '%s' is of %s, not of %s" $name $side (index $channel $side) $connection.system $system) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson (uniq $found) -}}
{{- end -}}

{{/* The documents in streams/flows; a test holds them against it. */}}
{{- define "tillstream.builtInFlows" -}}
customer_to_pos customer_to_web gift_card gift_card_redemption order order_status payment payment_to_web product refund_to_pos refund_to_web shipment shipment_to_pos stock ticket
{{- end -}}
