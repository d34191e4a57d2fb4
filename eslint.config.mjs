import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const noBlockingCalls = [
  "CallExpression[callee.name=/Sync$/]",
  "CallExpression[callee.property.name=/Sync$/]",
].map((selector) => ({
  selector,
  message: "One plugin process serves all resources: a blocking call holds up every other host.",
}));

export default defineConfig(
  { ignores: ["dist/", "node_modules/"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      // An interface is often async although this implementation of it has nothing to wait for.
      "@typescript-eslint/require-await": "off",
      // A failed nix or ssh message is worth printing whatever it turns out to be.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      eqeqeq: "error",
    },
  },
  {
    files: ["provider/**/*.ts"],
    rules: {
      "max-lines": ["error", { max: 250, skipBlankLines: true, skipComments: true }],
      "no-restricted-syntax": ["error", ...noBlockingCalls],
      "no-restricted-imports": [
        "error",
        {
          paths: [
            {
              name: "node:child_process",
              message: "Processes are started by transport/local, through execa.",
            },
            { name: "child_process", message: "Processes are started by transport/local, through execa." },
          ],
        },
      ],
    },
  },
  {
    files: ["test/**/*.test.ts"],
    // Jest's asymmetric matchers, such as expect.any(), have the type any.
    rules: { "@typescript-eslint/no-unsafe-assignment": "off" },
  },
  {
    files: ["**/*.mjs", "**/*.cjs"],
    rules: { "no-unused-vars": "error", eqeqeq: "error", "no-undef": "off" },
  },
);
