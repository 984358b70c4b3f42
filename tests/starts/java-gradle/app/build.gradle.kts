plugins { application }

java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }

application {
    mainClass = "shop.App"
}
