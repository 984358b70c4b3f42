{{- /* The name of an image. */ -}}
{{- define "<{ name }>.image" -}}
{{- .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}

{{- /* The name of a ConfigMap with the digest of its content, as Kustomize computes it: pods are replaced when it changes. */ -}}
{{- define "<{ name }>.hashed" -}}
{{- $content := fromYaml .content -}}
{{- $whole := dict "kind" "ConfigMap" "name" "" "data" (default "" $content.data) -}}
{{- with $content.binaryData }}{{ $_ := set $whole "binaryData" . }}{{ end -}}
{{- $digest := $whole | toJson | sha256sum | trunc 10 -}}
<% for pair in wordless %>{{- $digest = replace "<{ pair[0] }>" "<{ pair[1] }>" $digest -}}
<% endfor %>{{- .name }}-{{ $digest }}
{{- end }}
